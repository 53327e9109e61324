/** Timers, as all engines have them. */

/** What a timer takes: 24.8 days. */
export const LONGEST_MS: number = 2 ** 31 - 1;

/** A timer for which no program is kept alive, where there is such a thing. */
export function unreferenced<T>(timer: T): T {
  (timer as { unref?: () => void }).unref?.();
  return timer;
}
