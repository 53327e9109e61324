/** What killer and victims share. */
import type { SharedCacheHandle } from '../../src/index.ts';

export interface KillData {
  handle: SharedCacheHandle;
  /** Word 0 tells all to stop. */
  stop: Int32Array<SharedArrayBuffer>;
  /** This thread's: steps, and whether it is within a call. */
  own: Int32Array<SharedArrayBuffer>;
  /** kill-values.ts. */
  source: SharedArrayBuffer;
  name: number;
  /** Percent; the others are reads. */
  sets: number;
  isCompacting: boolean;
}
export const [STEPS, IS_INSIDE, SETS_REFUSED, HITS] = [0, 1, 2, 3];
export const OWN_WORDS = 4;
