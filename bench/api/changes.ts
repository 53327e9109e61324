/**
 * Rows of suite `api` on changing what is there, and on having it computed.
 *
 *   get-or-set-hit        ns of an awaited `getOrSet` of a key that has a value, 1 KiB of JSON;
 *   get-or-set-sync-hit   of `getOrSetSync`. The peer is `get`
 *   get-update-age        ns of a `get` with `updateAgeOnGet`, which writes a copy of the entry, of
 *                         1 KiB with a time to live. The peer is the same `get` without
 *   increment-2t          ns an operation of two threads together, which count in 64 keys;
 *   update-2t             of `update`, which writes another text of eight bytes. The peer is `set`
 *                         of such texts to the same keys by the same threads
 */

import { SharedCache } from '../../src/index.ts';
import { numbersFrom } from '../../test/support/numbers.ts';
import { keyOf, valuePool } from '../cache/values.ts';
import { Crew } from '../crew.ts';
import { type Result, roundsInTurn, rowOf, type SuiteOptions } from '../suite.ts';
import type { Job, Request, Setup } from './member.ts';

const ROUNDS = 9;
const WARM_UP = 2;
const ROUND_MS = 250;
const ENTRIES = 10_000;
const TINY_ENTRIES = 200;
const COUNTERS = 64;

export async function changeRows(options: SuiteOptions): Promise<Result[]> {
  const hits = [...(await hitRows(options)), ...(await ageRows(options))];
  return [...hits, ...(await twoThreadRows(options))];
}

async function rounds(isTiny: boolean, subjects: Map<string, () => Promise<number>>) {
  if (!isTiny) await roundsInTurn(WARM_UP, subjects);
  return roundsInTurn(isTiny ? 1 : ROUNDS, subjects);
}

async function hitRows({ isTiny, rows }: SuiteOptions): Promise<Result[]> {
  const names = { 'get-or-set-hit': 'getOrSet', 'get-or-set-sync-hit': 'getOrSetSync' };
  const wanted = Object.entries(names).filter(([row]) => rows?.test(row) ?? true);
  if (wanted.length === 0) return [];
  const [entries, calls] = isTiny ? [TINY_ENTRIES, 200] : [ENTRIES, 100_000];
  using cache = new SharedCache({ maxSize: '64MiB', values: 'json' });
  const pool = valuePool('json').map((text) => JSON.parse(text.toString()));
  for (let id = 0; id < entries; id++) cache.set(keyOf(id), pool[id % pool.length]);
  const random = numbersFrom(5);
  const never = () => {
    throw new Error('It has a value');
  };
  const measure = async (pass: () => unknown) => {
    const start = performance.now();
    await pass();
    return ((performance.now() - start) * 1e6) / calls;
  };
  const passes: Record<string, () => unknown> = {
    get() {
      for (let n = 0; n < calls; n++) cache.get(keyOf(random(entries)));
    },
    getOrSetSync() {
      for (let n = 0; n < calls; n++) cache.getOrSetSync(keyOf(random(entries)), never);
    },
    async getOrSet() {
      for (let n = 0; n < calls; n++) await cache.getOrSet(keyOf(random(entries)), never);
    },
  };
  const subjects = Object.entries(passes).map(
    ([name, pass]) => [name, () => measure(pass)] as const,
  );
  const figures = await rounds(isTiny, new Map(subjects));
  return wanted.map(([row, ours]) =>
    rowOf(row, 'ns', figures.get(ours)!, ['get', figures.get('get')!]),
  );
}

async function ageRows({ isTiny, rows }: SuiteOptions): Promise<Result[]> {
  const row = 'get-update-age';
  if (!(rows?.test(row) ?? true)) return [];
  const [entries, calls] = isTiny ? [TINY_ENTRIES, 200] : [ENTRIES, 50_000];
  using cache = new SharedCache({ maxSize: '64MiB', values: 'json', ttl: 3_600_000 });
  const pool = valuePool('json').map((text) => JSON.parse(text.toString()));
  for (let id = 0; id < entries; id++) cache.set(keyOf(id), pool[id % pool.length]);
  const random = numbersFrom(5);
  const pass = (options?: { updateAgeOnGet: boolean }) => async () => {
    const start = performance.now();
    for (let n = 0; n < calls; n++) cache.get(keyOf(random(entries)), options);
    return ((performance.now() - start) * 1e6) / calls;
  };
  const passes = { aged: pass({ updateAgeOnGet: true }), get: pass() };
  const figures = await rounds(isTiny, new Map(Object.entries(passes)));
  return [rowOf(row, 'ns', figures.get('aged')!, ['get', figures.get('get')!])];
}

async function twoThreadRows({ isTiny, rows }: SuiteOptions): Promise<Result[]> {
  const jobs = (['increment', 'update'] as const).filter((job) => rows?.test(`${job}-2t`) ?? true);
  if (jobs.length === 0) return [];
  using cache = new SharedCache({ maxSize: '16MiB', values: 'string' });
  const keys = Array.from({ length: COUNTERS }, (_, index) => `counter:${index}`);
  const texts: [string, string] = ['10000000', '10000001'];
  for (const key of keys) cache.set(key, texts[0]);
  const setup = { handle: cache.handle, keys, texts };
  const file = new URL('./member.ts', import.meta.url);
  const crew = await Crew.open<Setup, Request>(file, [setup, setup]);
  const ask = (job: Job) => async () => {
    const [a, b] = await crew.ask({ job, ms: isTiny ? 2 : ROUND_MS }, 2);
    return 1 / (1 / a! + 1 / b!);
  };
  const all: Job[] = ['set', ...jobs];
  const figures = await rounds(isTiny, new Map(all.map((job) => [job, ask(job)])));
  await crew.close();
  return jobs.map((job) =>
    rowOf(`${job}-2t`, 'ns', figures.get(job)!, ['set', figures.get('set')!]),
  );
}
