/** The calls that a worker makes, chosen at random, and how each is written down. */
import type { SharedCache } from '../../src/index.ts';
import type { Seeded } from '../support/seeded.ts';
import {
  COUNTERS,
  isCounter,
  keyOf,
  makeValue,
  numberOf,
  TAG,
  tagsOf,
  valueNumber,
} from './history-values.ts';
import { hasTag, NO_VALUE, NOT_CALLED, REFUSED } from './key-model.ts';
import { type Call, KEYS, type Log, type Planned } from './log.ts';

type Cache = SharedCache<unknown>;
const all = Array.from({ length: KEYS }, (_, key) => key);
/** Increments make odd numbers, which are no tags. */
const pairs = all.filter((key) => !isCounter(key));
/** Records that one action may need. */
const MOST_RECORDS = KEYS;
/** Keys that one call is given at most. */
const ROW = 8;
const decoder = new TextDecoder();
const target = new Uint8Array(256 * 1024);

/** Every way to read a value. */
const reads: readonly [Call, (cache: Cache, key: string) => unknown][] = [
  ['get', (cache, key) => cache.get(key)],
  ['peek', (cache, key) => cache.peek(key)],
  ['read', (cache, key) => cache.read(key, (bytes) => JSON.parse(decoder.decode(bytes)))],
  ['getInto', (cache, key) => parsed(cache.getInto(key, target))],
  ['getWithVersion', (cache, key) => cache.getWithVersion(key)?.value],
];

/** Every way to ask whether there is one. */
const looks: readonly [Call, (cache: Cache, key: string) => boolean][] = [
  ['has', (cache, key) => cache.has(key)],
  ['info', (cache, key) => cache.info(key) !== undefined],
  ['getRemainingTTL', (cache, key) => cache.getRemainingTTL(key) !== 0],
];

function parsed(length: number | undefined): unknown {
  return length === undefined ? undefined : JSON.parse(decoder.decode(target.subarray(0, length)));
}

export class Actions {
  readonly #cache: Cache;
  readonly #log: Log;
  readonly #writer: number;
  readonly #run: Seeded;
  #sequence = 0;

  constructor(cache: Cache, log: Log, writer: number, run: Seeded) {
    this.#cache = cache;
    this.#log = log;
    this.#writer = writer;
    this.#run = run;
  }

  hasRoom(): boolean {
    return this.#log.hasRoomFor(MOST_RECORDS);
  }

  one(): void {
    const key = this.#run.int(KEYS);
    const what = this.#run.int(1000);
    if (what < 400) this.#read(key);
    else if (what < 470) this.#look(key);
    else if (what < 620) this.#set(key);
    else if (what < 660) this.#setIf('add', key);
    else if (what < 700) this.#setIf('replace', key);
    else if (what < 760) this.#update(key);
    else if (what < 810) this.#setIfVersion(key);
    else if (what < 900) this.#increment(this.#run.int(KEYS));
    else if (what < 960) this.#delete(key);
    else if (what < 980) this.#touch(key);
    else this.#rare(key);
  }

  #rare(key: number): void {
    const what = this.#run.int(20);
    if (what < 8) this.#getMany(key);
    else if (what < 11) this.#setMany(key);
    else if (what < 14) this.#deleteMany(key);
    else if (what < 16) this.#deleteTag();
    else if (what < 18) this.#keys();
    else if (what < 19) this.#clear();
  }

  #number(key: number, isTagged = this.#run.int(4) === 0): number {
    return valueNumber(this.#writer, ++this.#sequence, isTagged && !isCounter(key));
  }

  #record(planned: Planned, act: () => number): void {
    const record = this.#log.begin(planned);
    this.#log.end(record, act());
  }

  #read(key: number): void {
    const [call, read] = reads[this.#run.int(reads.length)]!;
    const act = () => numberOf(key, read(this.#cache, keyOf(key)));
    this.#record({ kind: 'get', call, keys: [key] }, act);
  }

  #look(key: number): void {
    const [call, look] = looks[this.#run.int(looks.length)]!;
    this.#record({ kind: 'has', call, keys: [key] }, () => Number(look(this.#cache, keyOf(key))));
  }

  #set(key: number): void {
    const value = this.#number(key);
    const made = makeValue(key, value);
    this.#record({ kind: 'set', call: 'set', keys: [key], value }, () =>
      this.#cache.set(keyOf(key), made, tagsOf(value)) ? 1 : REFUSED,
    );
  }

  #setIf(kind: 'add' | 'replace', key: number): void {
    const value = this.#number(key);
    const made = makeValue(key, value);
    this.#record({ kind, call: kind, keys: [key], value }, () =>
      Number(this.#cache[kind](keyOf(key), made, tagsOf(value))),
    );
  }

  /** The new value has a tag if the old one has: they stay. */
  #update(key: number): void {
    const planned = { kind: 'update', call: 'update', keys: [key], old: NOT_CALLED } as const;
    const isDeleting = this.#run.int(5) === 0;
    const record = this.#log.begin(planned);
    let value = NO_VALUE;
    const change = (seen: unknown): unknown => {
      const old = numberOf(key, seen);
      value = isDeleting && old !== NO_VALUE ? NO_VALUE : this.#number(key, hasTag(old));
      this.#log.expect(record, value, old);
      return value === NO_VALUE ? undefined : makeValue(key, value);
    };
    const updated = this.#cache.update(keyOf(key), change);
    const isRefused = updated === undefined && value !== NO_VALUE;
    this.#log.end(record, isRefused ? REFUSED : numberOf(key, updated));
  }

  #setIfVersion(key: number): void {
    let seen: ReturnType<Cache['getWithVersion']>;
    this.#record({ kind: 'get', call: 'getWithVersion', keys: [key] }, () => {
      seen = this.#cache.getWithVersion(keyOf(key));
      return numberOf(key, seen?.value);
    });
    if (seen === undefined) return;
    const { value: found, version } = seen;
    const value = this.#number(key);
    const made = makeValue(key, value);
    const old = numberOf(key, found);
    const planned = {
      kind: 'setIfVersion',
      call: 'setIfVersion',
      keys: [key],
      value,
      old,
    } as const;
    this.#record(planned, () =>
      Number(this.#cache.setIfVersion(keyOf(key), made, version, tagsOf(value))),
    );
  }

  #increment(number: number): void {
    const key = number % COUNTERS;
    const value = 1 + this.#run.int(3);
    this.#record(
      { kind: 'increment', call: 'increment', keys: [key], value },
      () => this.#cache.increment(keyOf(key), value) ?? REFUSED,
    );
  }

  #delete(key: number): void {
    const act = () => Number(this.#cache.delete(keyOf(key)));
    this.#record({ kind: 'delete', call: 'delete', keys: [key] }, act);
  }

  #touch(key: number): void {
    const act = () => Number(this.#cache.touch(keyOf(key)));
    this.#record({ kind: 'touch', call: 'touch', keys: [key] }, act);
  }

  /** A row of neighbours, each an operation of its own within the call. */
  #many(key: number, plan: (key: number) => Planned, act: (keys: number[]) => number[]): void {
    const keys = all.slice(key, key + 1 + this.#run.int(ROW));
    const records = keys.map((own) => this.#log.begin(plan(own)));
    const results = act(keys);
    for (const [i, record] of records.entries()) this.#log.end(record, results[i]!);
  }

  #getMany(first: number): void {
    this.#many(
      first,
      (key) => ({ kind: 'get', call: 'getMany', keys: [key] }),
      (keys) => this.#cache.getMany(keys.map(keyOf)).map((value, i) => numberOf(keys[i]!, value)),
    );
  }

  #setMany(first: number): void {
    const values = new Map(all.map((key) => [key, this.#number(key)]));
    const numberFor = (key: number): number => values.get(key)!;
    this.#many(
      first,
      (key) => ({ kind: 'set', call: 'setMany', keys: [key], value: numberFor(key) }),
      (keys) =>
        this.#cache
          .setMany(
            keys.map((key) => [keyOf(key), makeValue(key, numberFor(key)), tagsOf(numberFor(key))]),
          )
          .map((isKept) => (isKept ? 1 : REFUSED)),
    );
  }

  #deleteMany(first: number): void {
    this.#many(
      first,
      (key) => ({ kind: 'delete', call: 'deleteMany', keys: [key] }),
      (keys) => this.#cache.deleteMany(keys.map(keyOf)).map(Number),
    );
  }

  #deleteTag(): void {
    this.#record({ kind: 'deleteTag', call: 'deleteTag', keys: pairs }, () => {
      this.#cache.deleteTag(TAG);
      return 0;
    });
  }

  #clear(): void {
    this.#record({ kind: 'clear', call: 'clear', keys: all }, () => {
      this.#cache.clear();
      return 0;
    });
  }

  /** A listed key was there at some moment, one that is not listed was not. */
  #keys(): void {
    const records = all.map((key) => this.#log.begin({ kind: 'has', call: 'keys', keys: [key] }));
    const listed = new Set(this.#cache.keys());
    for (const key of all) this.#log.end(records[key]!, Number(listed.has(keyOf(key))));
  }
}
