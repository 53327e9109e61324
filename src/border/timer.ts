/** Timers, as all engines have them. */

/** A timer for which no program is kept alive, where there is such a thing. */
export function unreferenced<T>(timer: T): T {
  (timer as { unref?: () => void }).unref?.();
  return timer;
}
