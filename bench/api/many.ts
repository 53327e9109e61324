/**
 * Rows of suite `api` on several keys in one call.
 *
 *   get-many-100         ns a key of `getMany` of 100 keys, objects of 100 bytes of JSON
 *   get-many-100-1k      of 1 KiB
 *   get-many-100-string  texts of 100 bytes
 *   get-many-100-bytes   arrays of 100 bytes
 *   …-300k               of 300,000 entries at random, which no processor's cache holds
 *
 * The peer is `get` of the same 100 keys, one after the other, into an array. 10,000 entries, if
 * nothing else is said.
 */
import { SharedCache, type SharedCacheOptions } from '../../src/index.ts';
import { keyOf, randoms } from '../cache/values.ts';
import { type Result, roundsInTurn, rowOf, type SuiteOptions } from '../suite.ts';

const ROUNDS = 9;
const WARM_UP = 3;
const CALL_KEYS = 100;
const ENTRIES = 10_000;
const MANY_ENTRIES = 300_000;

interface Case {
  values: 'bytes' | 'string' | 'json';
  bytes: number;
  entries: number;
}

const cases: Record<string, Case> = {
  'get-many-100': { values: 'json', bytes: 100, entries: ENTRIES },
  'get-many-100-1k': { values: 'json', bytes: 1024, entries: ENTRIES },
  'get-many-100-string': { values: 'string', bytes: 100, entries: ENTRIES },
  'get-many-100-bytes': { values: 'bytes', bytes: 100, entries: ENTRIES },
  'get-many-100-300k': { values: 'json', bytes: 100, entries: MANY_ENTRIES },
};

/** A user whose JSON is so many bytes long. */
function userOf(id: number, bytes: number): object {
  const user = { id, name: `user number ${id}`, mail: `user.${id}@example.com`, text: '' };
  const text = 'Sessions, rows and pages repeat themselves; ids, such as ';
  const room = bytes - JSON.stringify(user).length;
  user.text = Array.from(
    { length: Math.ceil(room / 70) },
    (_, i) => `${text}${id * 7 + i} do not. `,
  )
    .join('')
    .slice(0, Math.max(room, 0));
  return user;
}

function fill({ values, bytes, entries }: Case): SharedCache<unknown> {
  const cache = new SharedCache({ maxSize: '256MiB', values } as SharedCacheOptions<unknown>);
  for (let id = 0; id < entries; id++) {
    const user = userOf(id, bytes);
    const text = JSON.stringify(user);
    const value = values === 'json' ? user : values === 'string' ? text : Buffer.from(text);
    cache.set(keyOf(id), value);
  }
  return cache;
}

async function measure(name: string, given: Case, isTiny: boolean): Promise<Result> {
  const entries = isTiny ? 1000 : given.entries;
  using cache = fill({ ...given, entries });
  const random = randoms(5);
  const calls = Array.from({ length: isTiny ? 5 : 1000 }, () =>
    Array.from({ length: CALL_KEYS }, () => keyOf(random(entries))),
  );
  const time = (call: (keys: string[]) => unknown) => async () => {
    const start = performance.now();
    for (const keys of calls) call(keys);
    return ((performance.now() - start) * 1e6) / (calls.length * CALL_KEYS);
  };
  const subjects = new Map([
    ['getMany', time((keys) => cache.getMany(keys))],
    ['get', time((keys) => keys.map((key) => cache.get(key)))],
  ]);
  if (!isTiny) await roundsInTurn(WARM_UP, subjects);
  const figures = await roundsInTurn(isTiny ? 1 : ROUNDS, subjects);
  return rowOf(name, 'ns', figures.get('getMany')!, ['get', figures.get('get')!]);
}

export async function manyRows({ isTiny, rows }: SuiteOptions): Promise<Result[]> {
  const results: Result[] = [];
  for (const [name, given] of Object.entries(cases)) {
    if (rows?.test(name) ?? true) results.push(await measure(name, given, isTiny));
  }
  return results;
}
