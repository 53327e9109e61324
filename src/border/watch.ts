/**
 * Waiting for a word of shared memory while the event loop turns: by `waitAsync` or, where there is
 * none (Firefox before 145), by looking again and again.
 */
import { every } from './timer.ts';

const canWaitAsync: boolean = typeof Atomics.waitAsync === 'function';
/** How often who waits looks by itself: a poisoned zone wakes nobody. */
const LOOK_MS: number = canWaitAsync ? 250 : 10;

/**
 * Calls `look` whenever the word may have changed, and each `everyMs`, until it answers true.
 *
 * @param keepsAlive  the program, meanwhile
 * @returns what ends it
 */
export function watchWord(
  words: Int32Array,
  at: number,
  look: () => boolean,
  keepsAlive: boolean,
  everyMs: number = LOOK_MS,
): () => void {
  let isOver = false;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    endLooks();
    // Else the promise, and with it the memory, would stay until the word moves.
    Atomics.notify(words, at);
  };
  const tick = (): void => {
    if (!isOver && look()) end();
  };
  const follow = async (): Promise<void> => {
    while (!isOver) {
      const seen = Atomics.load(words, at);
      tick();
      if (isOver) return;
      const { async, value } = Atomics.waitAsync(words, at, seen);
      // Not equal: it has changed between the two, and one look is enough for that.
      if (async) await value;
      else await undefined;
    }
  };
  const endLooks = every(tick, Math.min(everyMs, LOOK_MS), keepsAlive);
  if (canWaitAsync) void follow();
  return end;
}
