/** The rows of suite `tier` that need a folder only. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bytes, SharedCache } from '../../src/index.ts';
import { lmdbTier } from '../../src/tier/lmdb.ts';
import { keyOf, valuePool } from '../cache/values.ts';
import { atRestAfterClose, type Result, type SuiteOptions } from '../suite.ts';
import { writeManyRows } from './many.ts';
import { pairRow } from './pairs.ts';

const ENTRIES = 100_000;
const ROUNDS = 7;
/** Keys of one question. */
const MANY = 256;
const HIT_SHARE = 0.99;
/** Nothing is forgotten while it is measured. */
const NEVER_MS = 3_600_000;

const size = '256MiB';
const pool: Bytes[] = valuePool('json').map((value) => new Uint8Array(value));

function openTiered(path: string): SharedCache {
  const policy = { maxQueue: '512MiB', maxStaleMs: NEVER_MS, timeoutMs: 60_000 };
  return new SharedCache({ maxSize: size, tier: lmdbTier({ path, maxSize: '1GiB', ...policy }) });
}

/** @returns the ms that it took */
function setAll(cache: SharedCache, entries: number): number {
  const start = performance.now();
  for (let id = 0; id < entries; id++) cache.set(keyOf(id), pool[id % pool.length]!);
  return performance.now() - start;
}

/** Asks for all keys until there are enough. @returns the ms that it took */
async function warm(cache: SharedCache, entries: number): Promise<number> {
  const start = performance.now();
  for (let from = 0; cache.size < HIT_SHARE * entries; from += MANY) {
    if (from >= entries) throw new Error(`${cache.size} entries came back`);
    await cache.getManyAsync(Array.from({ length: MANY }, (_, i) => keyOf(from + i)));
  }
  return performance.now() - start;
}

export async function lmdbRows({ isTiny, rows }: SuiteOptions): Promise<Result[]> {
  const results: Result[] = [];
  const rounds = isTiny ? 1 : ROUNDS;
  const path = mkdtempSync(join(tmpdir(), 'pageless-bench-'));
  try {
    if (!rows || rows.test('warm-lmdb')) results.push(await warmRow(path, isTiny, rounds));
    if (!rows || rows.test('set-many-100-lmdb') || rows.test('delete-many-100-lmdb')) {
      const cache = openTiered(path);
      results.push(...(await writeManyRows(cache, pool, rounds, '-lmdb')));
      cache.close();
    }
    return results;
  } finally {
    rmSync(path, { recursive: true });
  }
}

async function warmRow(path: string, isTiny: boolean, rounds: number): Promise<Result> {
  const entries = isTiny ? 1000 : ENTRIES;
  const measured = async (
    open: () => SharedCache,
    measure: (cache: SharedCache, entries: number) => number | Promise<number>,
  ) => {
    await atRestAfterClose();
    const cache = open();
    const time = await measure(cache, entries);
    cache.close();
    return time;
  };
  const filler = openTiered(path);
  setAll(filler, entries);
  await filler.flush();
  filler.close();
  const ours = () => measured(() => openTiered(path), warm);
  const theirs = () => measured(() => new SharedCache({ maxSize: size }), setAll);
  return pairRow(rounds, { name: 'warm-lmdb', unit: 'ms', peer: 'set', ours, theirs });
}
