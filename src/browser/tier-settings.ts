/** Stands for cache/tiered/settings.ts in browsers' bundles, where no cache has a second tier. */
import { UnsupportedError } from '../errors.ts';

export function createTier(): never {
  throw new UnsupportedError('a second tier needs Buffer, which pages do not have: leave it out');
}

export function attachTier(handle: unknown, tier: unknown): undefined {
  if (handle !== undefined || (tier !== undefined && tier !== false)) createTier();
}

export function nextTier(_: unknown, own: { tier?: unknown }): undefined {
  attachTier(undefined, own.tier);
}
