/**
 * What the torture of RCU shares: which element is current, how old each is, and what readers saw.
 */
import { OWN } from './crew.ts';

export const ELEMENTS = 64;
/** Grace periods after which an element is used again. */
export const PIPE_LENGTH = 10;
export const LAST_BUCKET = PIPE_LENGTH;

export const CURRENT: number = OWN;
/** For each element the grace periods since it was replaced, and one. */
export const PIPES: number = CURRENT + 1;
/** For each age how many readers met it. */
export const BUCKETS: number = PIPES + ELEMENTS;
export const TORTURE_WORDS: number = BUCKETS + PIPE_LENGTH + 1 - OWN;
