/** A cache of texts with a tier in memory, for tests. */
import { setTimeout as sleep } from 'node:timers/promises';
import { SharedCache } from '../../src/cache/constructor.ts';
import type { NearOptions } from '../../src/cache/near/settings.ts';
import type { TierPolicy } from '../../src/tier/interface.ts';
import { MemoryStore, MemoryTier } from './memory-tier.ts';

export interface Open {
  store?: MemoryStore;
  policy?: TierPolicy;
  now?: () => number;
  maxSize?: string;
  near?: NearOptions;
}

/** A cache of texts with a tier over a store. */
export function openTiered({ store = new MemoryStore(), policy = {}, ...rest }: Open = {}) {
  const tier = Object.assign(new MemoryTier(store), { policy });
  const cache = new SharedCache({ maxSize: '8MiB', values: 'string', tier, ...rest });
  return { cache, tier, store };
}

/** Waits until something is so. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(1);
}

export const closeAll = (...opened: { cache: { close(): void } }[]) => {
  for (const { cache } of opened) cache.close();
};
