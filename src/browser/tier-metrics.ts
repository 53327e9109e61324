/**
 * Stands for cache/telemetry/tier-metrics.ts in bundles for browsers, where no cache has a second
 * tier.
 */
export const tierMetrics = (): never[] => [];
