/**
 * Keys that share no stamp, for loads without a lease (kernel/cache/lease-table.ts): what raises a
 * key's stamp is then a write of that key, and nothing else says that its value is not kept.
 *
 * The hash is the cache's secret, so the cache is asked: all keys are computed at once, without a
 * lease, others are deleted meanwhile, and a value that is not kept had its stamp raised.
 */
import assert from 'node:assert/strict';
import type { SharedCache } from '../../src/index.ts';
import { fillerOf, isSpaced, keyOf, SPACE } from './history-values.ts';

/** Keys that are called for, and numbers of fillers (history-values.ts). */
export interface Chosen {
  readonly keys: readonly number[];
  readonly fillers: readonly number[];
}

/**
 * Leaves out what shares a stamp with one of the keys. Of a cache whose leases are taken, and that
 * has none of them.
 */
export async function withOwnStamps(
  cache: SharedCache<unknown>,
  { keys: all, fillers }: Chosen,
): Promise<Chosen> {
  const stamps = new Stamps(cache);
  const keys: number[] = [];
  for (const key of all) {
    if (!(await stamps.areRaised(keys, () => stamps.raise(key)))) keys.push(key);
  }
  const others = await stamps.withoutSharing(keys, fillers);
  assert.ok(keys.length > all.length / 2 && others.length > fillers.length / 2);
  return { keys, fillers: others };
}

class Stamps {
  readonly #cache: SharedCache<unknown>;
  readonly #space: ReturnType<SharedCache<unknown>['namespace']>;

  constructor(cache: SharedCache<unknown>) {
    this.#cache = cache;
    this.#space = cache.namespace(SPACE);
  }

  #viewOf(key: number) {
    return isSpaced(key) ? this.#space : this.#cache;
  }

  raise(key: number): void {
    this.#viewOf(key).delete(keyOf(key));
  }

  /** Whether one of the keys loses what is computed for it while `write` is called. */
  async areRaised(keys: readonly number[], write: () => void): Promise<boolean> {
    const { alone } = this.#cache.stats().loads;
    const loads = keys.map((key) => this.#viewOf(key).getOrSet(keyOf(key), async () => 'computed'));
    assert.equal(this.#cache.stats().loads.alone, alone + keys.length, 'all without a lease');
    // They are stored in a later turn.
    write();
    await Promise.all(loads);
    const isLost = keys.some((key) => !this.#viewOf(key).has(keyOf(key)));
    for (const key of keys) this.#viewOf(key).delete(keyOf(key));
    return isLost;
  }

  /** Those fillers that share no stamp with a key: found by halves. */
  async withoutSharing(
    keys: readonly number[],
    fillers: readonly number[],
  ): Promise<readonly number[]> {
    const write = () => {
      for (const filler of fillers) this.#cache.delete(fillerOf(filler)[0]);
    };
    if (!(await this.areRaised(keys, write))) return fillers;
    const half = fillers.length >>> 1;
    if (half === 0) return [];
    return [
      ...(await this.withoutSharing(keys, fillers.slice(0, half))),
      ...(await this.withoutSharing(keys, fillers.slice(half))),
    ];
  }
}
