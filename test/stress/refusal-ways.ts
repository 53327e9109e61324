/** What a run and its threads share. */
import type { SharedCacheHandle } from '../../src/index.ts';

export const WAYS = ['set', 'setMany', 'increment', 'near', 'getOrSet', 'update', 'tier'] as const;
export type Way = (typeof WAYS)[number];

/** So few that half of what is set overwrites, and that of what is computed some is waited for. */
export const KEYS = 500;

export interface RefusalData {
  handle: SharedCacheHandle;
  /** Word 0 tells all to stop. */
  stop: Int32Array<SharedArrayBuffer>;
  /** Word 0 counts this thread's. */
  steps: Int32Array<SharedArrayBuffer>;
  way: Way;
  /** The longest value. */
  largest: number;
  /** All are as long. */
  isLongest: boolean;
  name: number;
}
