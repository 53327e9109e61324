/** Values as they are stored: every length around a limit, long ones block by block, damage. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as facts from '../../src/generated/facts.ts';
import { assertBytes, sample, storeFace } from '../../test/support/store-face.ts';
import { wordOfSlot } from '../../test/support/structures.ts';
import {
  assertSound,
  createZone,
  drainLimbo,
  type TestZone,
  zoneTest,
} from '../../test/support/zone.ts';

const { BLOCK_BYTES, CACHE_CELL, ERR_RESTART } = facts;
/** The longest object of zsmalloc. */
const MAX_PAYLOAD = facts.PAGE_BYTES - facts.OBJECT_HEADER_BYTES;
const withStore = { hasStore: true };

/** Lengths around everything that has an edge: alignment, compression, an object, a block. */
const lengths = [0, 1, 2, 3, 4, 5, 15, 16, 17, 63, 64, 65, 100, 1000]
  .concat([-17, -16, -9, -8, -1, 0, 1, 8, 9].map((d) => MAX_PAYLOAD + d))
  .concat([-30, -29, -28, -27, -26, -25, -24, -23].map((d) => MAX_PAYLOAD + d))
  .concat(
    [-1, 0, 1, 15, 16].map((d) => 2 * MAX_PAYLOAD + d),
    [8192, 16384, 65000],
  )
  .concat([-16, -9, -8, -1, 0, 1, 2, 16].map((d) => BLOCK_BYTES + d))
  .concat([2 * BLOCK_BYTES - 1, 2 * BLOCK_BYTES, 2 * BLOCK_BYTES + 1, 5 * BLOCK_BYTES + 77]);

for (const [name, raw, isNoise] of [
  ['values that shrink', false, false],
  ['values that do not', false, true],
  ['values stored as they are', true, false],
] as const) {
  zoneTest(`${name}: every length comes back`, { hasStore: true, wasmPages: 128 }, (zone) => {
    const store = storeFace(zone, zone.kernel);
    for (const n of lengths) {
      assert.equal(store.set(`${n}`, sample(n, n, isNoise), { raw }), 0);
      assertBytes(store.get(`${n}`), sample(n, n, isNoise), `${n} bytes`);
    }
    assertSound(zone.kernel);
    for (const n of lengths) assertBytes(store.get(`${n}`), sample(n, n, isNoise));
  });
}

zoneTest('a value that shrinks takes less, one that does not hardly more', withStore, (zone) => {
  const { kernel } = zone;
  const store = storeFace(zone, kernel);
  store.set('a', sample(1, 60_000));
  assert.ok(kernel.zsObjectBytes() < 20_000, `${kernel.zsObjectBytes()} bytes`);
  store.remove('a');
  drainLimbo(kernel);
  store.set('a', sample(1, 60_000, true));
  assert.ok(kernel.zsObjectBytes() < 60_000 + 15 * 40, `${kernel.zsObjectBytes()} bytes`);
});

zoneTest(
  'empty values fill whole zspages: nothing lies behind the last one',
  {
    hasStore: true,
  },
  (zone) => {
    // 112 bytes of key, head and header make 128: the chain of 16 pages has no rest.
    const store = storeFace(zone, zone.kernel);
    for (const pad of [16, 32, 48, 112, 240]) {
      const names = Array.from({ length: 520 }, (_, i) => `${i}`.padEnd(pad, '.'));
      for (const name of names) assert.equal(store.set(name, new Uint8Array(0)), 0);
      for (const name of names) assertBytes(store.get(name), new Uint8Array(0));
      for (const name of names) store.remove(name);
    }
  },
);

zoneTest('a long value may be read while others write their own', withStore, (zone) => {
  const store = storeFace(zone, zone.kernel);
  const other = storeFace(zone, zone.join());
  const long = sample(1, 3 * BLOCK_BYTES, true);
  store.set('long', long);
  const parts = [store.key('long')].map((key) => zone.kernel.get(key, 0, 1));
  assert.equal(parts[0], long.length);
  const blocks = [store.output(BLOCK_BYTES)];
  for (let block = 0; block < 2; block++) {
    other.set('other', sample(block, 5000));
    assert.equal(zone.kernel.getMore(), BLOCK_BYTES);
    blocks.push(store.output(BLOCK_BYTES));
  }
  assert.deepEqual(Buffer.concat(blocks), Buffer.from(long));
  assert.equal(zone.kernel.getMore(), ERR_RESTART, 'there is no more');
});

/** Begins to read a value of three blocks, lets `change` happen, and goes on. */
function readAcross(zone: TestZone, change: (other: ReturnType<typeof storeFace>) => void): number {
  const store = storeFace(zone, zone.kernel);
  const other = storeFace(zone, zone.join());
  store.set('long', sample(1, 3 * BLOCK_BYTES, true));
  assert.equal(zone.kernel.get(store.key('long'), 0, 1), 3 * BLOCK_BYTES);
  change(other);
  return zone.kernel.getMore();
}

for (const [name, change] of [
  ['overwritten', (other) => other.set('long', sample(2, 3 * BLOCK_BYTES, true))],
  ['removed', (other) => other.remove('long')],
  [
    'removed and set again',
    (other) => {
      other.remove('long');
      other.set('long', sample(1, 3 * BLOCK_BYTES, true));
    },
  ],
] as [string, (other: ReturnType<typeof storeFace>) => void][]) {
  zoneTest(`a long value that is ${name} while it is read: ERR_RESTART`, withStore, (zone) => {
    assert.equal(readAcross(zone, change), ERR_RESTART);
  });
  zoneTest(`… also when it was ${name} and memory was reused since`, withStore, (zone) => {
    const more = readAcross(zone, (other) => {
      change(other);
      drainLimbo(zone.kernel);
      other.set('long', sample(3, 3 * BLOCK_BYTES, true));
    });
    assert.equal(more, ERR_RESTART);
  });
}

zoneTest('a reader is not fooled by a cell on a page that was given back', withStore, (zone) => {
  const { kernel } = zone;
  const store = storeFace(zone, kernel);
  const other = storeFace(zone, zone.join());
  // 512 cells fill a slab, so the long value's cells lie in the next one, which empties with it.
  for (let i = 0; i < facts.PAGE_BYTES / 8; i++) other.set(`${i}`, sample(i, 4));
  other.set('long', sample(1, 3 * BLOCK_BYTES, true));
  other.remove('0');
  drainLimbo(kernel);
  assert.equal(kernel.get(store.key('long'), 0, 1), 3 * BLOCK_BYTES);
  other.remove('long');
  drainLimbo(kernel);
  other.set('0', sample(0, 4));
  other.set('long', sample(2, 3 * BLOCK_BYTES, true));
  assert.equal(kernel.getMore(), ERR_RESTART);
});

/** Raises the epoch until it is that of a generation again. */
function comeRound({ words }: TestZone, generation: number): void {
  const epoch = facts.RCU_STATE / 4;
  words[epoch]! += (generation - words[epoch]!) & 0xffff;
}

zoneTest('a reader is not fooled by a cell whose generation has come round', withStore, (zone) => {
  const { words } = zone;
  const slotWord = (field: string): number => words[wordOfSlot(1, field) / 4]!;
  const more = readAcross(zone, (other) => {
    const life = (word: number): number => word & 0x7_ffff;
    const isReborn = () => life(words[slotWord('readCell') / 4]!) === life(slotWord('readSeen'));
    const third = zone.join();
    other.remove('long');
    drainLimbo(third);
    comeRound(zone, (slotWord('readSeen') >>> 3) & 0xffff);
    // Who freed its cells has them at hand.
    const store = storeFace(zone, third);
    for (let i = 0; i < 100 && !isReborn(); i++) store.set(`${i}`, sample(i, 2000, true));
    assert.ok(isReborn(), 'its cell looks as it was seen');
  });
  assert.equal(more, ERR_RESTART);
});

zoneTest(
  'a read goes on while grace periods pass, and not after 65,536 of them',
  withStore,
  (zone) => {
    const pass = (periods: number) =>
      readAcross(zone, () => {
        zone.words[facts.RCU_STATE / 4]! += periods;
      });
    assert.equal(pass(65_535), BLOCK_BYTES);
    assert.equal(pass(65_536), ERR_RESTART);
  },
);

zoneTest('a read that found a value in limbo does not go on', withStore, (zone) => {
  const { kernel } = zone;
  const store = storeFace(zone, kernel);
  assert.equal(kernel.getMore(), ERR_RESTART, 'nothing was begun');
  store.set('short', sample(1, 10));
  store.get('short');
  assert.equal(kernel.getMore(), ERR_RESTART, 'it was complete');
});

zoneTest('a draft that is begun again, or never committed, is dropped', withStore, (zone) => {
  const { kernel } = zone;
  const store = storeFace(zone, kernel);
  for (let round = 0; round < 3; round++) {
    kernel.beginSet(store.key('long'), 3 * BLOCK_BYTES, 0);
    assert.equal(kernel.appendSet(BLOCK_BYTES, 1), 0);
    assert.equal(kernel.check(), 0, 'drafts are accounted for');
  }
  assert.equal(store.has('long'), false);
  const cells = kernel.cacheInUse(CACHE_CELL);
  store.set('short', sample(1, 10));
  assert.equal(kernel.cacheInUse(CACHE_CELL), 1);
  assert.ok(cells > 10);
});

for (const [name, where] of [
  ['first', 0],
  ['second', 1],
] as const) {
  test(`a damaged byte in the ${name} block poisons the zone`, () => {
    const zone = createZone({ hasStore: true, wasmPages: 128 });
    const { kernel, bytes } = zone;
    const store = storeFace(zone, kernel);
    const value = sample(9, 2 * BLOCK_BYTES, true);
    const block = Buffer.from(value.slice(where * BLOCK_BYTES + 1000, where * BLOCK_BYTES + 1050));
    store.set('key', value);
    // Scratch holds copies of the second block: the stored one is what lies on a zspage's page.
    const isStored = (at: number): boolean =>
      (kernel.pageWordOf(at >> 12) & facts.TYPE_MASK) === facts.TYPE_ZSPAGE;
    let at = Buffer.from(bytes.buffer).indexOf(block);
    while (at > 0 && !isStored(at)) at = Buffer.from(bytes.buffer).indexOf(block, at + 1);
    assert.ok(at > 0);
    bytes[at]! ^= 0x40;
    assert.throws(() => store.get('key'), WebAssembly.RuntimeError);
    assert.equal(kernel.fault(), facts.FAULT_DAMAGED_DATA);
  });
}
