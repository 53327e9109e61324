/** Eviction: the oldest first, no more than is needed, and frees that need no memory. */
import assert from 'node:assert/strict';
import * as facts from '../../src/generated/facts.ts';
import { assertBytes, type StoreFace, sample, storeFace } from '../../test/support/store-face.ts';
import {
  assertSound,
  drainLimbo,
  limboOf,
  type TestZone,
  takeAllPages,
  zoneTest,
} from '../../test/support/zone.ts';

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

zoneTest('first in, first out: what is left is the newest, without a gap', withStore, (zone) => {
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

zoneTest('an entry that is overwritten counts as new', withStore, (zone) => {
  const store = storeFace(zone, zone.kernel);
  store.set('old', sample(0, 2000, true));
  store.set('renewed', sample(1, 2000, true));
  for (let i = 0; i < 100; i++) store.set(`key ${i}`, sample(i, 2000, true));
  store.set('renewed', sample(2, 2000, true));
  for (let i = 0; zone.kernel.counter(COUNT_EVICTIONS) === 0; i++) {
    store.set(`more ${i}`, sample(i, 2000, true));
  }
  assert.equal(store.has('old'), false);
  assertBytes(store.get('renewed'), sample(2, 2000, true));
});

zoneTest('reading renews nothing', withStore, (zone) => {
  const store = storeFace(zone, zone.kernel);
  store.set('old', sample(0, 2000, true));
  for (let i = 0; zone.kernel.counter(COUNT_EVICTIONS) === 0; i++) {
    store.set(`key ${i}`, sample(i, 2000, true));
    store.get('old');
  }
  assert.equal(store.has('old'), false);
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
  kernel.clearSome(2 ** 31);
  assert.equal(kernel.entryCount(), 0);
  drainLimbo(kernel);
  assert.equal(kernel.zsPages(), 0);
  for (const [pfn, order] of blocks) assert.equal(kernel.freePages(pfn, order), 0);
  assert.ok(kernel.freePagesNow() > 900);
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
