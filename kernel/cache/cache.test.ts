/** The store, one operation after the other: set, get, has, remove, clear, time, counters. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as facts from '../../src/generated/facts.ts';
import { assertBytes, sample, storeFace } from '../../test/support/store-face.ts';
import {
  clearAll,
  createZone,
  drainLimbo,
  takeAllPages,
  zoneTest,
} from '../../test/support/zone.ts';

const { COUNT_DELETES, COUNT_EXPIRATIONS, COUNT_HITS, COUNT_MISSES, COUNT_SETS } = facts;
const withStore = { hasStore: true };

zoneTest('a zone is no cache until it is made one', {}, ({ kernel }) => {
  assert.equal(kernel.hasStore(), 0);
  assert.equal(kernel.formatStore(), 0);
  assert.equal(kernel.hasStore(), 1);
});

zoneTest('what was set is there, for every thread, until it is removed', withStore, (zone) => {
  const mine = storeFace(zone, zone.kernel);
  const other = storeFace(zone, zone.join());
  assert.equal(mine.get('key'), undefined);
  assert.equal(mine.has('key'), false);
  assert.equal(mine.set('key', sample(1, 300)), 0);
  for (const thread of [mine, other]) {
    assertBytes(thread.get('key'), sample(1, 300));
    assert.equal(thread.has('key'), true);
    assert.equal(thread.get('kex'), undefined);
    assert.equal(thread.get('ke'), undefined);
    assert.equal(thread.get('key '), undefined);
  }
  assert.equal(other.remove('key'), true);
  assert.equal(other.remove('key'), false);
  assert.equal(mine.has('key'), false);
  assert.equal(zone.kernel.entryCount(), 0);
});

zoneTest('overwriting replaces the value and its time', withStore, (zone) => {
  const store = storeFace(zone, zone.kernel);
  store.set('key', sample(1, 100), { expiry: 1000 });
  store.set('key', sample(2, 70_000));
  assertBytes(store.get('key', 5000), sample(2, 70_000));
  store.set('key', sample(3, 10), { expiry: 9000 });
  assertBytes(store.get('key', 8999), sample(3, 10));
  assert.equal(zone.kernel.entryCount(), 1);
  assert.equal(zone.kernel.valueBytes(), 10);
  assert.equal(zone.kernel.keyBytes(), 3);
});

zoneTest('an entry is gone at its time, not a millisecond earlier', withStore, (zone) => {
  const store = storeFace(zone, zone.kernel);
  const time = 1_700_000_000_000;
  store.set('a', sample(1, 10), { expiry: time });
  store.set('b', sample(2, 10), { expiry: time });
  assert.equal(store.has('a', time - 1), true);
  assert.deepEqual(store.keys(time - 1).sort(), ['a', 'b']);
  assert.deepEqual(store.keys(time), []);
  assert.equal(store.get('a', time), undefined);
  assert.equal(zone.kernel.entryCount(), 1, 'who meets it removes it');
  assert.equal(store.has('b', time), false);
  assert.equal(zone.kernel.entryCount(), 0);
  assert.equal(zone.kernel.counter(COUNT_EXPIRATIONS), 2);
  assert.equal(store.remove('a'), false);
});

zoneTest('an entry that expires is not answered for without the time', withStore, (zone) => {
  const { kernel } = zone;
  const store = storeFace(zone, kernel);
  store.set('a', sample(1, 100), { expiry: 1000 });
  assert.equal(kernel.get(store.key('a'), 0, 1), facts.ERR_NEEDS_CLOCK);
  assert.equal(kernel.has(store.key('a'), 0), facts.ERR_NEEDS_CLOCK);
  assert.deepEqual([kernel.counter(COUNT_HITS), kernel.counter(COUNT_MISSES)], [0, 0]);
  assertBytes(store.get('a', 999), sample(1, 100));
  // What somebody has told is over for all.
  assert.equal(kernel.tellTime(1000), 1000);
  assert.equal(kernel.tellTime(900), 1000, 'time only rises');
  assert.equal(kernel.has(store.key('a'), 999), 0);
  assert.equal(kernel.entryCount(), 0);
});

zoneTest('who evicts knows what has expired, and counts it as that', withStore, (zone) => {
  const { kernel } = zone;
  const store = storeFace(zone, kernel);
  for (let i = 0; i < 1000; i++) store.set(`old ${i}`, sample(i, 1000, true), { expiry: 10 });
  for (let i = 0; i < 9000; i++) store.get(`old ${i % 1000}`, 1);
  kernel.tellTime(10);
  for (let i = 0; i < 6000; i++) store.set(`new ${i}`, sample(i, 1000, true));
  assert.equal(kernel.counter(COUNT_EXPIRATIONS), 1000);
});

zoneTest('clearNext removes as many as it may', withStore, (zone) => {
  const { kernel } = zone;
  const store = storeFace(zone, kernel);
  for (let i = 0; i < 50; i++) store.set(`key ${i}`, sample(i, 20));
  assert.equal(kernel.clearNext(0, 20), 0, 'the same leaf once more');
  assert.equal(store.keys().length, 30);
  assert.equal(kernel.clearNext(0, 1000), 2 ** 32);
  assert.deepEqual([kernel.entryCount(), kernel.valueBytes(), kernel.keyBytes()], [0, 0, 0]);
  drainLimbo(kernel);
  assert.equal(kernel.zsPages(), 0);
});

zoneTest('an index that was cleared is one leaf again', withStore, (zone) => {
  const { kernel } = zone;
  const store = storeFace(zone, kernel);
  for (let i = 0; i < 3000; i++) store.set(`key ${i}`, sample(i, 20));
  assert.ok(kernel.leaves() > 4);
  clearAll(kernel);
  assert.equal(kernel.leaves(), 1);
  assert.equal(kernel.entryCount(), 0);
});

zoneTest('counters say what happened', withStore, (zone) => {
  const { kernel } = zone;
  const store = storeFace(zone, kernel);
  store.set('a', sample(1, 100));
  store.set('a', sample(2, 200));
  store.get('a');
  store.get('b');
  kernel.get(store.key('a'), 0, 0);
  kernel.get(store.key('b'), 0, 0);
  store.has('a');
  store.remove('a');
  store.remove('a');
  const counters = [COUNT_SETS, COUNT_HITS, COUNT_MISSES, COUNT_DELETES].map(kernel.counter);
  assert.deepEqual(counters, [2, 1, 1, 1]);
  assert.equal(kernel.counter(facts.COUNT_BYTES_IN), 300);
  assert.equal(kernel.counter(facts.COUNT_BYTES_OUT), 200);
});

zoneTest('keys of every length from 1 to 2048 bytes', withStore, (zone) => {
  const store = storeFace(zone, zone.kernel);
  const keyOf = (n: number, last: number): Uint8Array => {
    const key = new Uint8Array(n).fill(n);
    key[n - 1] = last;
    return key;
  };
  const lengths = [...Array.from({ length: 300 }, (_, i) => i + 1), 1023, 2045, 2046, 2047, 2048];
  for (const n of lengths) assert.equal(store.set(keyOf(n, 1), sample(n, n)), 0);
  for (const n of lengths) {
    assertBytes(store.get(keyOf(n, 1)), sample(n, n), `key of ${n} bytes`);
    assert.equal(store.get(keyOf(n, 2)), undefined, 'the last byte counts');
  }
  for (const n of lengths) assert.equal(store.remove(keyOf(n, 1)), true);
});

zoneTest('keys may hold any bytes, and differ from their prefixes', withStore, (zone) => {
  const store = storeFace(zone, zone.kernel);
  const keys = [[0], [0, 0], [0, 0, 0], [255], [255, 0], [1, 2, 3, 4], [1, 2, 3, 4, 0]];
  for (const [i, key] of keys.entries()) store.set(Uint8Array.from(key), sample(i, 8));
  for (const [i, key] of keys.entries()) {
    assertBytes(store.get(Uint8Array.from(key)), sample(i, 8));
  }
});

zoneTest('keys of an entry over two pages are compared in two pieces', withStore, (zone) => {
  const store = storeFace(zone, zone.kernel);
  const names = Array.from({ length: 40 }, (_, i) => `${'k'.repeat(1500)}${i}`);
  for (const [i, name] of names.entries()) store.set(name, sample(i, 900, true));
  for (const [i, name] of names.entries()) {
    assertBytes(store.get(name), sample(i, 900, true));
    assert.equal(store.get(`${name} `), undefined);
  }
});

zoneTest(
  'refuseSet drops the old value: a cache may forget, it is never stale',
  withStore,
  (zone) => {
    const { kernel } = zone;
    const store = storeFace(zone, kernel);
    store.set('a', sample(1, 10));
    kernel.refuseSet(store.key('a'));
    assert.equal(store.get('a'), undefined);
    kernel.refuseSet(store.key('a'));
    assert.equal(kernel.counter(facts.COUNT_REFUSALS), 2);
    assert.equal(kernel.counter(COUNT_DELETES), 0);
  },
);

test('no memory for a store, or for a scratch, is a return value', () => {
  const { kernel } = createZone();
  const spare = [4, 7].map((order) => kernel.allocPages(order));
  takeAllPages(kernel);
  assert.equal(kernel.formatStore(), facts.ERR_NO_MEMORY);
  assert.equal(kernel.prepare(), facts.ERR_NO_MEMORY);
  assert.equal(kernel.keyScratch(), 0);
  assert.equal(kernel.freePages(spare[0]!, 4), 0);
  assert.equal(kernel.prepare(), facts.ERR_NO_MEMORY, 'a key and 15 pages more are not enough');
  assert.equal(kernel.freePagesNow(), 16, 'and are given back');
  assert.equal(kernel.freePages(spare[1]!, 7), 0);
  assert.equal(kernel.prepare(), 0);
  assert.equal(kernel.check(), 0);
});

zoneTest('a thread that comes to a full cache evicts before it has scratch', withStore, (zone) => {
  const { kernel, bytes } = zone;
  const store = storeFace(zone, kernel);
  const fill = () => {
    const before = kernel.counter(facts.COUNT_EVICTIONS);
    for (let i = 0; kernel.counter(facts.COUNT_EVICTIONS) === before; i++) {
      assert.equal(store.set(`key ${i}`, sample(i, 3000, true)), 0);
    }
  };
  const page0 = () => bytes.slice(facts.MEMDESC_STATE, facts.SLOT_TABLE);
  const sound = page0();
  for (let owner = 2; owner < 8; owner++) {
    fill();
    const evictions = kernel.counter(facts.COUNT_EVICTIONS);
    zone.join(owner);
    assert.ok(kernel.counter(facts.COUNT_EVICTIONS) > evictions);
    assertBytes(page0(), sound, 'the first page');
  }
  clearAll(kernel);
  drainLimbo(kernel);
  assert.equal(kernel.cacheInUse(2), 0, 'cells');
});
