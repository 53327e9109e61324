/** What is over goes before what lives, and no look is wasted on pages without it. */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import { type StoreFace, sample, storeFace } from '../../../test/support/store-face.ts';
import { assertSound, type TestZone, zoneTest } from '../../../test/support/zone.ts';

const { COUNT_EVICTIONS, COUNT_EXPIRATIONS } = facts;
const withStore = { hasStore: true };

function counts({ kernel }: TestZone): { evicted: number; expired: number } {
  return { evicted: kernel.counter(COUNT_EVICTIONS), expired: kernel.counter(COUNT_EXPIRATIONS) };
}

/** Stores entries of 500 bytes, which expire at `expiry(i)`, 0 = never. */
function fill(
  store: StoreFace,
  name: string,
  count: number,
  expiry: (i: number) => number = () => 0,
): void {
  for (let i = 0; i < count; i++) {
    const options = { raw: true, expiry: expiry(i) };
    assert.equal(store.set(`${name} ${i}`, sample(i, 500, true), options), 0);
  }
}

/** Purges everything. @returns entries that went, in all and by one call at most */
function purge({ kernel }: TestZone, ofAll = 0): { all: number; most: number } {
  let [all, most] = [0, 0];
  kernel.beginPurge(ofAll);
  for (let some = kernel.purgeNext(); some >= 0; some = kernel.purgeNext()) {
    all += some;
    most = Math.max(most, some);
  }
  return { all, most };
}

zoneTest('what is over goes before anything that lives, whoever is older', withStore, (zone) => {
  const store = storeFace(zone, zone.kernel);
  fill(store, 'old', 1000);
  fill(store, 'dead', 4000, () => 1000);
  fill(store, 'young', 1000);
  assert.deepEqual(counts(zone), { evicted: 0, expired: 0 });
  zone.kernel.tellTime(1000);
  fill(store, 'new', 4000);
  const { evicted, expired } = counts(zone);
  assert.equal(evicted, 0);
  assert.ok(expired > 3000, `${expired} expired`);
  for (let i = 0; i < 1000; i++) {
    assert.ok(store.has(`old ${i}`, 1000), `old ${i}`);
    assert.ok(store.has(`young ${i}`, 1000), `young ${i}`);
  }
  assertSound(zone.kernel);
});

zoneTest('of mixed times a sixteenth of the dead waits at most', withStore, (zone) => {
  const store = storeFace(zone, zone.kernel);
  // Times from 1,000 to 9,000, in no order; a third lives for ever.
  const expiry = (i: number) => (i % 3 === 0 ? 0 : 1000 + ((i * 7919) % 8000));
  fill(store, 'mixed', 4500, expiry);
  let added = 0;
  for (let time = 1500; time <= 9500; time += 500) {
    zone.kernel.tellTime(time);
    const { evicted, expired } = counts(zone);
    while (counts(zone).evicted === evicted) fill(store, `new ${added++}`, 1);
    const swept = counts(zone).expired - expired;
    const { all: waited } = purge(zone);
    assert.ok(waited <= 3000 / 16, `${waited} of ${waited + swept} dead at ${time}`);
  }
  const left = Array.from({ length: 4500 }, (_, i) => store.has(`mixed ${i}`, 9500));
  assert.ok(left.every((isThere, i) => !isThere || expiry(i) === 0));
  assertSound(zone.kernel);
});

zoneTest(
  'purging takes out all that is over, a page at a time, and nothing else',
  withStore,
  (zone) => {
    const store = storeFace(zone, zone.kernel);
    fill(store, 'soon', 1500, (i) => 1000 + i);
    fill(store, 'never', 1500);
    fill(store, 'late', 1500, () => 9000);
    assert.deepEqual(purge(zone), { all: 0, most: 0 });
    zone.kernel.tellTime(1999);
    const first = purge(zone);
    assert.equal(first.all, 1000);
    assert.ok(first.most > 0 && first.most <= 678, `${first.most} by one call`);
    assert.equal(zone.kernel.entryCount(), 3500);
    assert.deepEqual(purge(zone), { all: 0, most: 0 });
    zone.kernel.tellTime(2499);
    assert.equal(purge(zone).all, 500);
    zone.kernel.tellTime(9000);
    assert.equal(purge(zone).all, 1500);
    assert.equal(zone.kernel.entryCount(), 1500);
    assert.equal(counts(zone).evicted, 0);
    assertSound(zone.kernel);
  },
);

zoneTest('purging may be left off and begun anew', withStore, (zone) => {
  const store = storeFace(zone, zone.kernel);
  fill(store, 'soon', 3000, () => 1000);
  zone.kernel.tellTime(1000);
  let all = 0;
  for (let i = 0; i < 20 && all < 3000; i++) {
    zone.kernel.beginPurge();
    all += zone.kernel.purgeNext();
    // Pages come and go meanwhile.
    fill(store, `more ${i}`, 100);
    if (i === 2) for (let j = 0; j < 100; j++) zone.kernel.remove(store.key(`more 1 ${j}`));
  }
  assert.equal(all, 3000);
  assertSound(zone.kernel);
});

zoneTest('an overwriting that lives shorter is purged by its own time', withStore, (zone) => {
  const store = storeFace(zone, zone.kernel);
  fill(store, 'key', 100, () => 50_000);
  fill(store, 'key', 100, () => 1000);
  // And one that lives longer is not purged by the time it had.
  fill(store, 'key', 10, () => 60_000);
  zone.kernel.tellTime(1000);
  assert.equal(purge(zone).all, 90);
  zone.kernel.tellTime(60_000);
  assert.equal(purge(zone).all, 10);
  assert.equal(zone.kernel.entryCount(), 0);
});

zoneTest(
  'a purge of all leaves nothing of the deleted, and everything of others',
  withStore,
  (zone) => {
    const { kernel } = zone;
    const store = storeFace(zone, kernel);
    const pages = () => kernel.countPagesOf(facts.TYPE_MISC, facts.MISC_QUEUE);
    const before = pages();
    fill(store, 'gone', 3000);
    fill(store, 'kept', 10);
    for (let i = 0; i < 3000; i++) kernel.remove(store.key(`gone ${i}`));
    assert.equal(purge(zone).all, 0);
    assert.equal(pages(), before + Math.ceil(3010 / facts.PAGE_RECORDS));
    assert.equal(purge(zone, 1).all, 0);
    // One that the queue keeps, in which those ten are.
    assert.equal(pages(), before + 1);
    for (let i = 0; i < 10; i++) assert.ok(store.has(`kept ${i}`), `kept ${i}`);
    assertSound(kernel);
    // Their records are there: they are evicted in their turn.
    fill(store, 'new', 9000);
    for (let i = 0; i < 10; i++) assert.ok(!store.has(`kept ${i}`), `kept ${i}`);
  },
);

zoneTest('a purge of all ends, whatever is added meanwhile', withStore, (zone) => {
  const { kernel } = zone;
  const store = storeFace(zone, kernel);
  fill(store, 'first', 10);
  kernel.beginPurge(1);
  let calls = 0;
  for (; kernel.purgeNext() >= 0; calls++) {
    assert.ok(calls < 100, 'it does not end');
    fill(store, `more ${calls}`, facts.PAGE_RECORDS);
  }
});

/** Two keys with one hash: of 300,000 some ten pairs have. */
function twins({ kernel }: TestZone, store: StoreFace): [string, string] {
  const names = new Map<number, string>();
  for (let i = 0; ; i++) {
    const hash = kernel.hashOf(kernel.keyScratch(), store.key(`twin ${i}`));
    const other = names.get(hash);
    if (other !== undefined) return [other, `twin ${i}`];
    names.set(hash, `twin ${i}`);
  }
}

for (const deadFirst of [true, false]) {
  const which = deadFirst ? 'younger' : 'older';
  zoneTest(
    `a dead entry is not hidden by a living, ${which} one with its hash`,
    withStore,
    (zone) => {
      const store = storeFace(zone, zone.kernel);
      const [first, second] = twins(zone, store);
      const [dead, living] = deadFirst ? [first, second] : [second, first];
      for (const name of [first, second]) {
        const options = { raw: true, expiry: name === dead ? 1000 : 0 };
        assert.equal(store.set(name, sample(1, 500, true), options), 0);
      }
      zone.kernel.tellTime(1000);
      assert.equal(purge(zone).all, 1);
      assert.equal(counts(zone).expired, 1);
      assert.ok(store.has(living, 1000));
      assertSound(zone.kernel);
    },
  );
}
