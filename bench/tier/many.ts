/**
 * Many keys written in one call, until the tier has them all; the peer writes one after the other
 * and waits for each.
 */
import type { Bytes, SharedCache } from '../../src/index.ts';
import { keyOf } from '../cache/values.ts';
import type { Result } from '../suite.ts';
import { pairRow } from './pairs.ts';

const MANY = 100;

/** @returns µs until the tier has it */
export async function usUntil(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) * 1000;
}

export function manyOf(pool: readonly Bytes[]): [key: string, value: Bytes][] {
  return Array.from({ length: MANY }, (_, i) => [keyOf(i), pool[i % pool.length]!]);
}

/** What is done to entries, and awaited: to all at once, or to one after the other. */
function workOn(cache: SharedCache, entries: [key: string, value: Bytes][]) {
  const keys = entries.map(([key]) => key);
  const flush = async () => {
    const { dropped } = await cache.flush();
    if (dropped > 0) throw new Error('lost');
  };
  return {
    setAll() {
      cache.setMany(entries);
      return flush();
    },
    deleteAll() {
      cache.deleteMany(keys);
      return flush();
    },
    async setEach() {
      for (const [key, value] of entries) {
        cache.set(key, value);
        await flush();
      }
    },
    async deleteEach() {
      for (const key of keys) {
        cache.delete(key);
        await flush();
      }
    },
  };
}

/** Rows `set-many-100` and `delete-many-100`, with what stands behind their names. */
export async function writeManyRows(
  cache: SharedCache,
  pool: readonly Bytes[],
  rounds: number,
  suffix = '',
): Promise<Result[]> {
  const { setAll, setEach, deleteAll, deleteEach } = workOn(cache, manyOf(pool));
  /** Of keys that are there. */
  const afterSet = async (work: () => Promise<void>) => {
    await setAll();
    return usUntil(work);
  };
  const pair = { unit: 'µs', peer: 'each' };
  const sets = { ours: () => usUntil(setAll), theirs: () => usUntil(setEach) };
  const deletes = { ours: () => afterSet(deleteAll), theirs: () => afterSet(deleteEach) };
  return [
    await pairRow(rounds, { ...pair, ...sets, name: `set-many-100${suffix}` }),
    await pairRow(rounds, { ...pair, ...deletes, name: `delete-many-100${suffix}` }),
  ];
}
