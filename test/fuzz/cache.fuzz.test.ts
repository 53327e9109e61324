/**
 * The cache against a map: a miss is allowed, a wrong or an old value never.
 *
 * The shipped kernel runs through SharedCache, the test and debug builds below it. Several threads
 * take turns on one small zone, so that entries are evicted all the time. After an operation that
 * evicted nothing, nothing may be missing either.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedCache } from '../../src/cache/shared-cache.ts';
import { COUNT_EVICTIONS } from '../../src/generated/facts.ts';
import { kinds, randomBytes } from '../support/random-bytes.ts';
import { type Seeded, seeded } from '../support/seeded.ts';
import { assertBytes, type StoreFace, storeFace } from '../support/store-face.ts';
import { assertSound, clearAll, createZone } from '../support/zone.ts';

/** A cache as this test uses it; `set` says whether the value was kept. */
interface Subject {
  set(key: string, value: Uint8Array, expiry: number): boolean;
  get(key: string, now: number): Uint8Array | undefined;
  has(key: string, now: number): boolean;
  remove(key: string): boolean;
  keys(now: number): string[];
  clear(): void;
  evictions(): number;
  entries(): number;
  check(): void;
}

/** The threads of a test build take turns at random. */
function lowSubject(run: Seeded, build: 'test' | 'debug'): Subject {
  const zone = createZone({ build, hasStore: true });
  const { kernel } = zone;
  const threads = [kernel, zone.join(2), zone.join(3)].map((thread) => storeFace(zone, thread));
  const any = (): StoreFace => threads[run.int(threads.length)]!;
  return {
    set: (key, value, expiry) => any().set(key, value, { expiry, raw: run.int(4) === 0 }) === 0,
    get: (key, now) => any().get(key, now),
    has: (key, now) => any().has(key, now),
    remove: (key) => any().remove(key),
    keys: (now) => any().keys(now),
    clear: () => clearAll(kernel),
    evictions: () => kernel.counter(COUNT_EVICTIONS),
    entries: () => kernel.entryCount(),
    check: () => assertSound(kernel),
  };
}

/** The package's own class; without times, which it takes from the clock. */
function sharedSubject(run: Seeded): Subject & Disposable {
  const cache = new SharedCache({ maxSize: 4 * 2 ** 20, maxEntrySize: 2 ** 22 });
  return {
    set: (key, value) => cache.set(key, value),
    get: (key) => (run.int(2) ? cache.get(key) : cache.peek(key)),
    has: (key) => cache.has(key),
    remove: (key) => cache.delete(key),
    keys: () => [...cache.keys()].map(String),
    clear: () => cache.clear(),
    evictions: () => cache.stats().evictions,
    entries: () => cache.size,
    check: () => cache.arena.check(),
    [Symbol.dispose]: () => cache[Symbol.dispose](),
  };
}

interface Expected {
  value: Uint8Array;
  expiry: number;
}

class Fuzzer {
  readonly #run: Seeded;
  readonly #cache: Subject;
  readonly #hasTimes: boolean;
  /** What is there, unless it was evicted. */
  readonly #model = new Map<string, Expected>();
  #now = 1000;
  #evictions = 0;

  constructor(run: Seeded, cache: Subject, hasTimes: boolean) {
    this.#run = run;
    this.#cache = cache;
    this.#hasTimes = hasTimes;
  }

  step(): void {
    const key = this.#anyKey();
    const way = this.#run.int(100);
    if (way < 45) this.#set(key);
    else if (way < 85) this.#look(key);
    else if (way < 95) this.#remove(key);
    else if (way < 97) this.#now += this.#run.int(200);
    else if (way < 98) this.#list();
    else if (way < 99 && this.#run.int(20) === 0) this.#clear();
  }

  /** Every key that is still there has its value. */
  finish(): void {
    for (const key of this.#model.keys()) this.#look(key);
    this.#list();
    this.#cache.check();
    this.#clear();
    assert.equal(this.#cache.entries(), 0);
  }

  #anyKey(): string {
    const n = Math.floor(400 * this.#run.random() ** 2);
    return `${n}`.padEnd(n % 7 === 0 ? 1 + ((n * 131) % 2048) : 1, '=');
  }

  #anyValue(): Uint8Array {
    const lengths = [100, 5000, 5000, 66_000, 300_000];
    const length = this.#run.int(lengths[this.#run.int(this.#run.int(4) ? 3 : 5)]! + 1);
    return randomBytes(this.#run, kinds[this.#run.int(kinds.length)]!, length);
  }

  #set(key: string): void {
    const value = this.#anyValue();
    const expiry =
      this.#hasTimes && this.#run.int(5) === 0 ? this.#now + 1 + this.#run.int(300) : 0;
    const isKept = this.#cache.set(key, value, expiry);
    if (isKept) this.#model.set(key, { value, expiry });
    else this.#model.delete(key);
    this.#forgetEvicted();
    if (isKept) assert.ok(this.#cache.has(key, this.#now), 'a value that was kept is there');
    else assert.ok(!this.#cache.has(key, this.#now), 'a refused key has no value');
  }

  /** Eviction is the only way in which something gets lost, and it is counted. */
  #forgetEvicted(): void {
    const evictions = this.#cache.evictions();
    let gone = 0;
    if (evictions !== this.#evictions) {
      for (const [key, { expiry }] of this.#model) {
        if (this.#isOver(expiry) || this.#cache.has(key, this.#now)) continue;
        this.#model.delete(key);
        gone++;
      }
    }
    assert.ok(gone <= evictions - this.#evictions, `${gone} lost`);
    this.#evictions = evictions;
  }

  #look(key: string): void {
    const expected = this.#expected(key);
    assert.equal(this.#cache.has(key, this.#now), expected !== undefined, key);
    const value = this.#cache.get(key, this.#now);
    if (expected) assertBytes(value, expected, key);
    else assert.equal(value, undefined, key);
  }

  #remove(key: string): void {
    const entry = this.#model.get(key);
    const isRemoved = this.#cache.remove(key);
    // An entry whose time is over may have been removed by whoever met it.
    if (!entry || !this.#isOver(entry.expiry)) assert.equal(isRemoved, entry !== undefined);
    this.#model.delete(key);
    assert.ok(!this.#cache.has(key, this.#now));
  }

  #list(): void {
    const expected = [...this.#model].filter(([, { expiry }]) => !this.#isOver(expiry));
    const keys = this.#cache.keys(this.#now);
    assert.deepEqual(keys.sort(), expected.map(([key]) => key).sort());
  }

  #clear(): void {
    this.#cache.clear();
    this.#model.clear();
    assert.equal(this.#cache.entries(), 0);
  }

  #isOver(expiry: number): boolean {
    return expiry !== 0 && this.#now >= expiry;
  }

  #expected(key: string): Uint8Array | undefined {
    const entry = this.#model.get(key);
    return entry && !this.#isOver(entry.expiry) ? entry.value : undefined;
  }
}

function fuzz(run: Seeded, cache: Subject, hasTimes: boolean): void {
  const fuzzer = new Fuzzer(run, cache, hasTimes);
  for (let left = 3000; left > 0 && run.hasTime(); left--) {
    fuzzer.step();
    if (left % 200 === 0) cache.check();
  }
  fuzzer.finish();
}

for (const build of ['test', 'debug'] as const) {
  test(`three threads, times and eviction (${build} build)`, () => {
    const run = seeded(`cache ${build}`);
    while (run.hasTime()) fuzz(run, lowSubject(run, build), true);
  });
}

test('SharedCache, on the kernel that ships', () => {
  const run = seeded('cache shared');
  while (run.hasTime()) {
    using cache = sharedSubject(run);
    fuzz(run, cache, false);
  }
});
