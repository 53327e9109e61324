/** Eviction: what is not read goes first, no more than is needed, and frees need no memory. */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import {
  assertBytes,
  type StoreFace,
  sample,
  storeFace,
} from '../../../test/support/store-face.ts';
import {
  assertSound,
  clearAll,
  drainLimbo,
  limboOf,
  type TestZone,
  takeAllPages,
  zoneTest,
} from '../../../test/support/zone.ts';

const { BLOCK_BYTES, COUNT_EVICTIONS, COUNT_REFUSALS, ERR_NO_MEMORY } = facts;
const withStore = { hasStore: true };

/** Stores entries until the first is evicted. @returns how many */
function fillUp({ kernel }: TestZone, store: StoreFace, bytes: number): number {
  let count = 0;
  while (kernel.counter(COUNT_EVICTIONS) === 0) {
    assert.equal(store.set(`key ${count}`, sample(count, bytes, true)), 0);
    count++;
  }
  return count;
}

zoneTest('what nobody reads goes first in, first out, without a gap', withStore, (zone) => {
  const store = storeFace(zone, zone.kernel);
  const count = fillUp(zone, store, 2000) + 500;
  for (let i = count - 500; i < count; i++) store.set(`key ${i}`, sample(i, 2000, true));
  const isThere = Array.from({ length: count }, (_, i) => store.has(`key ${i}`));
  const oldest = isThere.indexOf(true);
  assert.ok(oldest > 300 && isThere.slice(oldest).every(Boolean));
  assert.equal(zone.kernel.counter(COUNT_EVICTIONS), oldest);
  for (let i = oldest; i < count; i++) {
    assertBytes(store.get(`key ${i}`), sample(i, 2000, true));
  }
});

/** Stores so many new entries of 2,000 bytes. */
function scan(store: StoreFace, name: string, count: number): void {
  for (let i = 0; i < count; i++) store.set(`${name} ${i}`, sample(i, 2000, true));
}

zoneTest('two hits keep an entry through a scan, one does not', withStore, (zone) => {
  const store = storeFace(zone, zone.kernel);
  const hits = { none: 0, once: 1, twice: 2, often: 9 };
  for (const [key, count] of Object.entries(hits)) {
    store.set(key, sample(1, 2000, true));
    for (let i = 0; i < count; i++) store.get(key);
  }
  scan(store, 'scan', 2500);
  const kept = Object.keys(hits).filter((key) => store.has(key));
  assert.deepEqual(kept, ['twice', 'often']);
});

zoneTest('overwriting is a hit, and keeps the place', withStore, (zone) => {
  const store = storeFace(zone, zone.kernel);
  for (const key of ['once', 'twice']) store.set(key, sample(0, 2000, true));
  scan(store, 'more', 100);
  for (const key of ['once', 'twice', 'twice']) store.set(key, sample(2, 2000, true));
  scan(store, 'scan', 2500);
  assert.equal(store.has('once'), false);
  assertBytes(store.get('twice'), sample(2, 2000, true));
});

zoneTest('looking whether a key is there is no hit', withStore, (zone) => {
  const store = storeFace(zone, zone.kernel);
  store.set('old', sample(0, 2000, true));
  for (let i = 0; i < 9; i++) store.has('old');
  scan(store, 'scan', 2500);
  assert.equal(store.has('old'), false);
});

zoneTest('a key that comes back after it was driven out stays', withStore, (zone) => {
  const store = storeFace(zone, zone.kernel);
  const count = fillUp(zone, store, 2000) + 100;
  scan(store, 'scan', 100);
  assert.equal(store.has('key 0'), false);
  // Both are new; only one of them has been here before.
  for (const key of ['key 0', 'other']) store.set(key, sample(1, 2000, true));
  scan(store, 'again', count);
  assert.deepEqual([store.has('key 0'), store.has('other')], [true, false]);
});

zoneTest('clearing forgets what was driven out, and gives its pages back', withStore, (zone) => {
  const { kernel } = zone;
  const store = storeFace(zone, kernel);
  const pages = () => kernel.countPagesOf(facts.TYPE_MISC, facts.MISC_QUEUE);
  const count = fillUp(zone, store, 2000) + 100;
  scan(store, 'scan', 100);
  clearAll(kernel);
  kernel.beginPurge(1);
  while (kernel.purgeNext() >= 0);
  // Tables, one page of the small queue, and the ghosts' directory.
  assert.equal(pages(), 4);
  assertSound(kernel);
  // Without the clearing one of them would stay: it has been here before.
  scan(store, 'fill', count - 100);
  for (const key of ['key 0', 'other']) store.set(key, sample(1, 2000, true));
  scan(store, 'again', count);
  assert.deepEqual([store.has('key 0'), store.has('other')], [false, false]);
});

zoneTest('a main queue that is never read again makes room for another', withStore, (zone) => {
  const store = storeFace(zone, zone.kernel);
  const use = (name: string) => {
    scan(store, name, 1000);
    for (let i = 0; i < 2000; i++) store.get(`${name} ${i % 1000}`);
  };
  const names = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'last'];
  for (const name of names) use(name);
  const held = (name: string) =>
    Array.from({ length: 1000 }, (_, i) => store.has(`${name} ${i}`)).filter(Boolean).length;
  assert.ok(held('first') < 100, `${held('first')} of the first`);
  assert.ok(held('last') > 150, `${held('last')} of the last`);
});

zoneTest('records of deleted entries are looked for, and go', withStore, (zone) => {
  const { kernel } = zone;
  const store = storeFace(zone, kernel);
  const pages = () => kernel.countPagesOf(facts.TYPE_MISC, facts.MISC_QUEUE);
  for (let i = 0; i < 1000; i++) store.set(`kept ${i}`, sample(i, 20));
  let most = 0;
  for (let i = 0; i < 20_000; i++) {
    store.set(`deleted ${i}`, sample(i, 20));
    store.remove(`deleted ${i}`);
    most = Math.max(most, pages());
  }
  assert.equal(kernel.counter(COUNT_EVICTIONS), 0);
  // Two records an entry, a page, and what is added while all of them are looked through.
  assert.ok(most <= 2 + Math.ceil((2 * (2 * 1000 + facts.PAGE_RECORDS)) / facts.PAGE_RECORDS));
  for (let i = 0; i < 1000; i++) assert.ok(store.has(`kept ${i}`));
});

zoneTest('queues take pages as they need them, and give them back', withStore, (zone) => {
  const { kernel } = zone;
  const store = storeFace(zone, kernel);
  const pages = () => kernel.countPagesOf(facts.TYPE_MISC, facts.MISC_QUEUE);
  assert.equal(pages(), 2);
  for (let i = 0; i < 3000; i++) store.set(`key ${i}`, sample(i, 100, true));
  assert.equal(pages(), 2 + Math.ceil(3000 / facts.PAGE_RECORDS));
  for (let i = 0; i < 60_000; i++) store.set(`new ${i}`, sample(i, 100, true));
  const entries = kernel.entryCount();
  // Tables, ends of both queues, ghosts of two bytes each and their directory.
  const most = 5 + Math.ceil(entries / facts.PAGE_RECORDS) + Math.ceil((4 * entries) / 4096);
  assert.ok(pages() <= most, `${pages()} pages for ${entries} entries`);
});

for (const bytes of [0, 1, 16]) {
  zoneTest(`values of ${bytes} bytes: little is evicted at once`, withStore, (zone) => {
    const store = storeFace(zone, zone.kernel);
    const count = fillUp(zone, store, bytes);
    const evicted = zone.kernel.counter(COUNT_EVICTIONS);
    assert.ok(count > 10_000 && evicted < count / 8, `${evicted} of ${count} evicted`);
  });
}

zoneTest('a value as large as half the zone replaces all that is older', withStore, (zone) => {
  const store = storeFace(zone, zone.kernel);
  for (let i = 0; i < 50; i++) store.set(`key ${i}`, sample(i, 60_000, true));
  const large = sample(1, 30 * BLOCK_BYTES, true);
  assert.equal(store.set('large', large, { raw: true }), 0);
  assertBytes(store.get('large'), large);
  assert.equal(store.has('key 49'), true);
  assert.equal(store.has('key 0'), false);
});

zoneTest('a value larger than the zone is refused, and its key is gone', withStore, (zone) => {
  const { kernel } = zone;
  const store = storeFace(zone, kernel);
  store.set('large', sample(1, 100));
  store.set('other', sample(2, 100));
  const large = new Uint8Array(80 * BLOCK_BYTES);
  assert.equal(store.set('large', large, { raw: true }), ERR_NO_MEMORY);
  assert.equal(store.get('large'), undefined);
  assert.equal(kernel.counter(COUNT_REFUSALS), 1);
  drainLimbo(kernel);
  assert.equal(kernel.zsPages(), 0, 'the draft was given back');
  assert.equal(store.set('large', sample(3, 5000)), 0, 'there is room again');
});

zoneTest('a full zone without entries refuses instead of trying for ever', withStore, (zone) => {
  const { kernel } = zone;
  const store = storeFace(zone, kernel);
  assert.equal(store.set('a', sample(1, 300, true)), 0);
  takeAllPages(kernel);
  for (const bytes of [10, 100, 1000, 3000, 50_000]) {
    const failure = store.set('b', sample(2, bytes, true));
    if (failure === 0) assertBytes(store.get('b'), sample(2, bytes, true));
    else assert.equal(store.get('b'), undefined);
    assertSound(kernel);
  }
  assert.equal(store.set('b', sample(2, 50_000, true)), ERR_NO_MEMORY);
});

zoneTest('freeing never allocates: a full zone can be emptied', withStore, (zone) => {
  const { kernel } = zone;
  const store = storeFace(zone, kernel);
  const count = fillUp(zone, store, 700);
  const blocks = takeAllPages(kernel);
  for (let i = 0; i < count; i += 2) store.remove(`key ${i}`);
  assertSound(kernel);
  clearAll(kernel);
  assert.equal(kernel.entryCount(), 0);
  drainLimbo(kernel);
  assert.equal(kernel.zsPages(), 0);
  for (const [pfn, order] of blocks) assert.equal(kernel.freePages(pfn, order), 0);
  // All but the zone's own, the scratches of the cache and of this thread, and a few slabs.
  assert.ok(kernel.freePagesNow() > 820);
});

zoneTest(
  'a reader that stays inside delays memory, and costs entries, not truth',
  {
    hasStore: true,
  },
  (zone) => {
    const { kernel } = zone;
    const store = storeFace(zone, kernel);
    const reader = zone.join();
    // A smaller cache: each wait for the reader takes some 50 ms.
    for (const order of [9, 7, 6]) assert.ok(kernel.allocPages(order) > 0);
    fillUp(zone, store, 60_000);
    reader.enterSection();
    for (let i = 0; i < 2; i++) {
      const isKept = store.set(`late ${i}`, sample(i, 60_000, true)) === 0;
      if (isKept) assertBytes(store.get(`late ${i}`), sample(i, 60_000, true));
      else assert.equal(store.has(`late ${i}`), false);
    }
    assert.ok(limboOf(kernel) > 0);
    reader.leaveSection();
    assert.equal(store.set('after', sample(7, 60_000, true)), 0);
    assertBytes(store.get('after'), sample(7, 60_000, true));
  },
);

zoneTest(
  'a thread that comes late gets its scratch at the expense of entries',
  withStore,
  (zone) => {
    const store = storeFace(zone, zone.kernel);
    fillUp(zone, store, 1000);
    const late = storeFace(zone, zone.join());
    assert.equal(late.set('late', sample(1, 1000)), 0);
    assertBytes(store.get('late'), sample(1, 1000));
  },
);
