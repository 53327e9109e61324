/**
 * Rows of suite `api` on several keys in one call.
 *
 *   get-many-100         ns a key of `getMany` of 100 keys, objects of 100 bytes of JSON
 *   get-many-100-1k      of 1 KiB
 *   get-many-100-string  texts of 100 bytes
 *   get-many-100-bytes   arrays of 100 bytes
 *   …-300k               of 300,000 entries at random, which no processor's cache holds
 *   set-many-100         ns an entry of `setMany` of 100 that are there, objects of 100 bytes
 *   set-many-100-bytes   arrays of 100 bytes
 *
 * The peer is `get`, or `set`, of the same 100 keys, one after the other, into an array. 10,000
 * entries, if nothing else is said.
 */

import { SharedCache, type SharedCacheOptions } from '../../src/index.ts';
import { numbersFrom } from '../../test/support/numbers.ts';
import { keyOf } from '../cache/values.ts';
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

const setCases: Record<string, Case> = {
  'set-many-100': { values: 'json', bytes: 100, entries: ENTRIES },
  'set-many-100-bytes': { values: 'bytes', bytes: 100, entries: ENTRIES },
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

function entriesOf({ values, bytes, entries }: Case): [key: string, value: unknown][] {
  return Array.from({ length: entries }, (_, id) => {
    const user = userOf(id, bytes);
    const text = JSON.stringify(user);
    const value = values === 'json' ? user : values === 'string' ? text : Buffer.from(text);
    return [keyOf(id), value];
  });
}

function fill(given: Case): SharedCache<unknown> {
  const { values } = given;
  const cache = new SharedCache({ maxSize: '256MiB', values } as SharedCacheOptions<unknown>);
  for (const [key, value] of entriesOf(given)) cache.set(key, value);
  return cache;
}

type Subject = [name: string, call: (row: number) => unknown];

/** Medians of ns a key, of rows of which each subject is given all. */
async function compare(
  name: string,
  calls: number,
  [ours, peer]: [Subject, Subject],
  isTiny: boolean,
): Promise<Result> {
  const time = (call: Subject[1]) => async () => {
    const start = performance.now();
    for (let row = 0; row < calls; row++) call(row);
    return ((performance.now() - start) * 1e6) / (calls * CALL_KEYS);
  };
  const subjects = new Map([ours, peer].map(([subject, call]) => [subject, time(call)]));
  if (!isTiny) await roundsInTurn(WARM_UP, subjects);
  const figures = await roundsInTurn(isTiny ? 1 : ROUNDS, subjects);
  return rowOf(name, 'ns', figures.get(ours[0])!, [peer[0], figures.get(peer[0])!]);
}

/** Rows of `CALL_KEYS` of so many, at random. */
function rowsOf<T>(from: (id: number) => T, entries: number, calls: number): T[][] {
  const random = numbersFrom(5);
  return Array.from({ length: calls }, () =>
    Array.from({ length: CALL_KEYS }, () => from(random(entries))),
  );
}

async function measureGet(name: string, given: Case, isTiny: boolean): Promise<Result> {
  using cache = fill(given);
  const rows = rowsOf(keyOf, given.entries, isTiny ? 5 : 1000);
  const many: Subject = ['getMany', (row) => cache.getMany(rows[row]!)];
  const one: Subject = ['get', (row) => rows[row]!.map((key) => cache.get(key))];
  return await compare(name, rows.length, [many, one], isTiny);
}

async function measureSet(name: string, given: Case, isTiny: boolean): Promise<Result> {
  using cache = fill(given);
  const entries = entriesOf(given);
  const rows = rowsOf((id) => entries[id]!, given.entries, isTiny ? 5 : 300);
  const many: Subject = ['setMany', (row) => cache.setMany(rows[row]!)];
  const one: Subject = ['set', (row) => rows[row]!.map(([key, value]) => cache.set(key, value))];
  return await compare(name, rows.length, [many, one], isTiny);
}

export async function manyRows({ isTiny, rows }: SuiteOptions): Promise<Result[]> {
  const results: Result[] = [];
  const sized = (given: Case) => ({ ...given, entries: isTiny ? 1000 : given.entries });
  for (const [all, measure] of [[cases, measureGet] as const, [setCases, measureSet] as const]) {
    for (const [name, given] of Object.entries(all)) {
      if (rows?.test(name) ?? true) results.push(await measure(name, sized(given), isTiny));
    }
  }
  return results;
}
