/**
 * Timers, as all engines have them.
 *
 * They begin on an empty stack: Node counts a timer that a full one has cut while it was made, and
 * the program would not end.
 */

/** Captured: fake timers would patch one thread of many. */
const { setTimeout, setInterval, clearTimeout, queueMicrotask } = globalThis;

/** What a timer takes: 24.8 days. */
export const LONGEST_MS: number = 2 ** 31 - 1;

/** Begins a timer. @returns what ends it */
type Begin = (act: () => void, ms: number, keepsAlive: boolean) => () => void;

function beginner(begin: typeof setTimeout | typeof setInterval): Begin {
  return (act, ms, keepsAlive) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    queueMicrotask(() => {
      if (isOver) return;
      timer = begin(act, ms);
      // Where there is such a thing.
      if (!keepsAlive) (timer as { unref?: () => void }).unref?.();
    });
    return () => {
      isOver = true;
      // It ends both kinds.
      clearTimeout(timer);
    };
  };
}

/** Calls `act` once, after `ms`; the program lives until then if it `keepsAlive`. */
export const later: Begin = beginner(setTimeout);

/** Calls `act` every `ms`. */
export const every: Begin = beginner(setInterval);
