/**
 * Rows of suite `api` on the way to a file and back.
 *
 *   warm-restart-bytes, -json   ms to load 100,000 entries of 1 KiB of JSON, given as bytes or as
 *                               values; the peer is a new cache in which they are set
 *   save-1GiB                   ms to save a cache with 1 GiB in it
 *   save-longest-get            the longest `get` of another thread, in ms, while that is saved;
 *                               the peer is its longest in as much time in which nobody saves
 *   save-longest-get-running    the same without the time in which that thread was ready and
 *                               others, as those that write to the disk, had its CPU
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { SharedCache, type SharedCacheOptions, type ValueKind } from '../../src/index.ts';
import { keyOf, valuePool } from '../cache/values.ts';
import { atRestAfterClose, type Result, roundsInTurn, rowOf, type SuiteOptions } from '../suite.ts';

const ROUNDS = 9;
const WARM_UP = 2;
const ENTRIES = 100_000;
const maxSize = '256MiB';
const saving = ['save-1GiB', 'save-longest-get', 'save-longest-get-running'];

export async function restartRows({ isTiny, rows }: SuiteOptions): Promise<Result[]> {
  const isAsked = (name: string) => rows === undefined || rows.test(name);
  const folder = mkdtempSync(join(tmpdir(), 'pageless-bench-'));
  const file = join(folder, 'warm.cache');
  const results: Result[] = [];
  try {
    for (const values of ['bytes', 'json'] as const) {
      const name = `warm-restart-${values}`;
      if (isAsked(name)) results.push(await restartRow(name, values, file, isTiny));
    }
    if (saving.some(isAsked)) {
      results.push(...(await saveRows(file, isTiny)));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return results;
}

async function restartRow(
  name: string,
  values: ValueKind,
  file: string,
  isTiny: boolean,
): Promise<Result> {
  const texts = valuePool('json');
  const pool = values === 'bytes' ? texts : texts.map((text) => JSON.parse(text.toString()));
  const entries = isTiny ? 1000 : ENTRIES;
  const fill = async () => {
    await atRestAfterClose();
    const start = performance.now();
    using cache = new SharedCache({ maxSize, values } as SharedCacheOptions<unknown>);
    for (let id = 0; id < entries; id++) cache.set(keyOf(id), pool[id % pool.length]);
    const ms = performance.now() - start;
    await cache.save(file);
    return ms;
  };
  const load = async () => {
    await atRestAfterClose();
    const start = performance.now();
    using cache = await SharedCache.load(file);
    const ms = performance.now() - start;
    if (cache.size !== entries) throw new Error(`${cache.size} entries came back`);
    return ms;
  };
  await fill();
  const subjects = new Map([
    ['load', load],
    ['set', fill],
  ]);
  if (!isTiny) await roundsInTurn(WARM_UP, subjects);
  const figures = await roundsInTurn(isTiny ? 1 : ROUNDS, subjects);
  return rowOf(name, 'ms', figures.get('load')!, ['set', figures.get('set')!]);
}

async function saveRows(file: string, isTiny: boolean): Promise<Result[]> {
  const [mib, entries] = isTiny ? [8, 4000] : [1280, 900_000];
  using cache = new SharedCache({ maxSize: mib * 2 ** 20, compression: 'none' });
  const pool = valuePool([1100, 1200]);
  for (let id = 0; id < entries; id++) cache.set(keyOf(id), pool[id % pool.length]!);
  const reader = new Worker(new URL('./reader.ts', import.meta.url), {
    workerData: { handle: cache.handle, entries },
  });
  const longestSince = async () => {
    reader.postMessage('');
    return (await once(reader, 'message'))[0] as { all: number; running: number };
  };
  const times: number[] = [];
  const [busy, calm]: { all: number; running: number }[][] = [[], []];
  await longestSince();
  for (let round = 0; round < (isTiny ? 1 : 3); round++) {
    const start = performance.now();
    await cache.save(file);
    times.push(performance.now() - start);
    busy!.push(await longestSince());
    await sleep(times.at(-1));
    calm!.push(await longestSince());
  }
  await reader.terminate();
  const longest = (name: string, of: 'all' | 'running') => {
    const [ours, peers] = [busy!, calm!].map((rounds) => rounds.map((round) => round[of]));
    return rowOf(name, 'ms', ours!, ['nobody saves', peers!]);
  };
  return [
    rowOf('save-1GiB', 'ms', times),
    longest('save-longest-get', 'all'),
    longest('save-longest-get-running', 'running'),
  ];
}
