/**
 * Suite `api`: what people call, through the libraries that they call it by.
 *
 *   keyv-get, keyv-set    ns of an awaited `get` (all hits) and `set` of Keyv 6, with its
 *                         serialiser, objects of about 200 bytes of JSON, 10,000 keys at random
 *
 * The peer is the cheapest store of Keyv that returns texts, as a store of ours must: a Map behind
 * the adapter's contract. What both pay, above all Keyv's own promises and JSON, is in both.
 * Medians of nine rounds in turn. More rows: the files in bench/api/.
 */

import { stat } from 'node:fs/promises';
import { Keyv } from 'keyv';
import { KeyvStore } from '../../src/adapters/keyv.ts';
import { SharedCache } from '../../src/cache/shared-cache.ts';
import { numbersFrom } from '../../test/support/numbers.ts';
import { changeRows } from '../api/changes.ts';
import { manyRows } from '../api/many.ts';
import { restartRows } from '../api/restart.ts';
import { startRows } from '../api/start.ts';
import { tagRows } from '../api/tags.ts';
import { pinThread, type Result, roundsInTurn, rowOf, type SuiteOptions } from '../suite.ts';

const KEYS = 10_000;
const TINY_KEYS = 200;
const ROUNDS = 9;

/** A Keyv store over a Map of texts. */
class MapStore {
  readonly capabilities = { expires: true };
  readonly #map = new Map<string, string>();

  get(key: string): string | undefined {
    return this.#map.get(key);
  }

  getMany(keys: string[]): (string | undefined)[] {
    return keys.map((key) => this.#map.get(key));
  }

  has(key: string): boolean {
    return this.#map.has(key);
  }

  hasMany(keys: string[]): boolean[] {
    return keys.map((key) => this.#map.has(key));
  }

  set(key: string, value: string): boolean {
    this.#map.set(key, value);
    return true;
  }

  setMany(entries: { key: string; value: string }[]): boolean[] {
    return entries.map(({ key, value }) => this.set(key, value));
  }

  delete(key: string): boolean {
    return this.#map.delete(key);
  }

  deleteMany(keys: string[]): boolean[] {
    return keys.map((key) => this.#map.delete(key));
  }

  clear(): void {
    this.#map.clear();
  }
}

const userOf = (index: number) => ({
  id: index,
  name: `user number ${index}`,
  mail: `user.${index}@example.com`,
  roles: ['reader', 'writer'],
  text: 'so that the whole is some two hundred bytes of JSON, as sessions are',
});

interface Subject {
  get(): Promise<number>;
  set(): Promise<number>;
}

async function subjectOf(store: object, count: number, calls: number): Promise<Subject> {
  const keyv = new Keyv({ store });
  keyv.on('error', (error: unknown) => {
    throw error;
  });
  const keys = Array.from({ length: count }, (_, index) => `user:${index}`);
  for (const [index, key] of keys.entries()) await keyv.set(key, userOf(index));
  const next = numbersFrom(42); // the same for every subject
  const nsOf = async (call: (key: string, index: number) => Promise<unknown>) => {
    const start = process.hrtime.bigint();
    for (let n = 0; n < calls; n++) {
      const index = next(count);
      await call(keys[index]!, index);
    }
    return Number(process.hrtime.bigint() - start) / calls;
  };
  return {
    get: () => nsOf((key) => keyv.get(key)),
    set: () => nsOf((key, index) => keyv.set(key, userOf(index))),
  };
}

export async function suite(options: SuiteOptions): Promise<Result[]> {
  const { isTiny, rows } = options;
  // First, that the threads which read and write files begin with all CPUs.
  await stat('.');
  pinThread(0);
  const [keys, calls] = isTiny ? [TINY_KEYS, 200] : [KEYS, 100_000];
  const cache = new SharedCache<string>({ maxSize: '64MiB', values: 'string' });
  const ours = await subjectOf(new KeyvStore(cache), keys, calls);
  const map = await subjectOf(new MapStore(), keys, calls);
  const results: Result[] = [];
  for (const job of ['get', 'set'] as const) {
    const name = `keyv-${job}`;
    if (rows && !rows.test(name)) continue;
    await Promise.all([ours[job](), map[job]()]);
    const subjects = new Map([
      ['ours', ours[job]],
      ['map', map[job]],
    ]);
    const figures = await roundsInTurn(isTiny ? 1 : ROUNDS, subjects);
    results.push(rowOf(name, 'ns', figures.get('ours')!, ['Map store', figures.get('map')!]));
  }
  cache.close();
  results.push(...startRows(options), ...(await changeRows(options)), ...(await manyRows(options)));
  results.push(...(await tagRows(options)));
  return [...results, ...(await restartRows(options))];
}
