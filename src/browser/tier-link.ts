/** Stands for cache/tier-link.ts in bundles for browsers, where no cache has a second tier. */
export const UNKNOWN_LENGTH = -1;

export class TierLink {}
