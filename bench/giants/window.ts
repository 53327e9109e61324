/**
 * The longest operation of another thread in a window of time.
 *
 * An operation belongs to the window in which it begins, however long it takes: whoever asks waits
 * for its end. So what stands still beyond the window's end is not missed, nor laid to the next
 * one.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/** Window under way, odd, or even between two · that in which the last operation began · ms. */
export type Windows = Float64Array<SharedArrayBuffer>;

export function newWindows(): Windows {
  return new Float64Array(new SharedArrayBuffer(3 * 8));
}

/** Does something, and notes how long it took. */
export function timed(windows: Windows, operation: () => void): void {
  const window = windows[0]!;
  const start = performance.now();
  operation();
  if (window % 2 === 1) windows[2] = Math.max(windows[2]!, performance.now() - start);
  windows[1] = window;
}

/** @returns ms of the longest operation that the other thread begins while something goes on */
export async function longestWhile(
  windows: Windows,
  something: () => Promise<unknown>,
): Promise<number> {
  windows[2] = 0;
  windows[0]!++;
  await something();
  windows[0]!++;
  while (windows[1]! < windows[0]!) await sleep(1);
  return windows[2]!;
}
