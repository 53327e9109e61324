/** Stands for cache/tiered/link.ts in browsers' bundles, where no cache has a second tier. */
export const UNKNOWN_LENGTH = -1;

export class TierLink {}
