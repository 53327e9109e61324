/** Formatting and attaching: what is refused, and that a refusal writes nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as facts from '../../src/generated/facts.ts';
import { seeded } from '../../test/support/seeded.ts';
import { assertBytes, sample, storeFace } from '../../test/support/store-face.ts';
import { bytesOf, offsetOf, wordOfSlot } from '../../test/support/structures.ts';
import {
  assertSound,
  createMemory,
  createZone,
  openZone,
  THREAD_PAGES,
  zoneTest,
} from '../../test/support/zone.ts';

const { ERR_GEOMETRY, ERR_NOT_A_ZONE, ERR_VERSION, MIN_WASM_PAGES, PAGE_BYTES } = facts;

/** Sets a word of a formatted zone's superblock and attaches: the answer, with nothing written. */
function attachTo(field: string, value: number): number {
  const zone = createZone();
  zone.words[offsetOf('Superblock', field) / 4] = value;
  const before = Buffer.from(zone.bytes);
  const answer = openZone(zone.memory).attach(7, 1);
  assert.ok(before.equals(zone.bytes), 'something was written');
  return answer;
}

test('memory that is no zone is refused, without a write', () => {
  const memory = createMemory(64);
  assert.equal(openZone(memory).attach(1, 1), ERR_NOT_A_ZONE);
  assert.ok(Buffer.from(memory.buffer).every((byte) => byte === 0));
  assert.equal(attachTo('magic', 0x12345678), ERR_NOT_A_ZONE);
});

test('a zone of another version is refused, without a write', () => {
  assert.equal(attachTo('version', facts.FORMAT_VERSION + 1), ERR_VERSION);
  assert.equal(attachTo('version', 0), ERR_VERSION);
});

test('a zone whose size is not its memory’s is refused, without a write', () => {
  assert.equal(attachTo('wasmPages', 63), ERR_GEOMETRY);
  assert.equal(attachTo('wasmPages', 65), ERR_GEOMETRY);
});

test('a zone whose fixed parts are not what its size demands is refused, without a write', () => {
  const fixed = ['pageCount', 'firstPfn', 'frameBits', 'counters', 'counterShift', 'childCount'];
  for (const field of [...fixed, 'treeCount', 'treeShift', 'minPages']) {
    assert.equal(attachTo(field, 0xffffffff), ERR_GEOMETRY, field);
    if (field !== 'minPages') assert.equal(attachTo(field, 63), ERR_GEOMETRY, field);
  }
});

test('random bytes behind a first line that is right are no zone', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const zone = createZone();
    const random = seeded(`random bytes ${seed}`);
    for (let at = 64 / 4; at < zone.words.length; at++) zone.words[at] = random.int(2 ** 32);
    const before = Buffer.from(zone.bytes);
    assert.equal(openZone(zone.memory).attach(7, 1), ERR_GEOMETRY, `seed ${seed}`);
    assert.ok(before.equals(zone.bytes));
  }
});

test('format refuses memory that is in use, and a zone, without a write', () => {
  const memory = createMemory(64);
  new Uint32Array(memory.buffer)[0] = 1;
  const before = Buffer.from(new Uint8Array(memory.buffer));
  assert.equal(openZone(memory).format(1, 2, 3, 4), ERR_NOT_A_ZONE);
  assert.ok(before.equals(new Uint8Array(memory.buffer)));
  const zone = createZone();
  const formatted = Buffer.from(zone.bytes);
  assert.equal(zone.kernel.format(5, 6, 7, 8), ERR_NOT_A_ZONE);
  assert.ok(formatted.equals(zone.bytes));
});

test('a memory that is too small does not even take the kernel', () => {
  assert.throws(() => openZone(createMemory(MIN_WASM_PAGES - 1)), WebAssembly.LinkError);
});

/** In the two-word layout the page map is twice as long. */
const wordsOfPage = process.env.PAGELESS_LAYOUT === 'two-word' ? 2 : 1;

for (const wasmPages of [64, 65, 71, 96, 97, 160, 1025, 4096]) {
  zoneTest(
    `${wasmPages} WebAssembly pages: the layout is in order and the counts agree`,
    {
      wasmPages,
    },
    ({ kernel, words }) => {
      const read = (field: string): number => words[offsetOf('Superblock', field) / 4]!;
      assert.equal(kernel.pageCount(), wasmPages * 16);
      assert.ok(read('frameBits') >= facts.PAGE_MAP + 4 * kernel.pageCount());
      assert.equal(read('frameBits') % 64, 0);
      assert.ok(read('counters') >= read('frameBits') + 64 * read('childCount'));
      const end = read('counters') + read('childCount') * 2 ** read('counterShift');
      assert.ok(kernel.firstPfn() * PAGE_BYTES >= end);
      assert.ok(kernel.firstPfn() <= 18 + Math.ceil(kernel.pageCount() / (900 / wordsOfPage)));
      const own = THREAD_PAGES;
      assert.equal(kernel.freePagesNow(), kernel.pageCount() - kernel.firstPfn() - own);
      for (const pfn of [0, kernel.firstPfn() - 1]) {
        assert.equal(
          kernel.pageWordOf(pfn),
          facts.TYPE_MISC | (facts.MISC_ZONE << facts.MISC_SUBTYPE_SHIFT),
        );
      }
      assert.equal(kernel.pageWordOf(kernel.firstPfn() + own), 0);
      assert.deepEqual([kernel.zoneIdLo(), kernel.zoneIdHi()], [1, 2]);
    },
  );
}

zoneTest('fixed records do not overlap', {}, () => {
  const records: [number, number][] = [
    [facts.SUPERBLOCK, bytesOf('Superblock')],
    [facts.RCU_STATE, bytesOf('RcuState')],
    [facts.LIMBO_STATE, bytesOf('LimboState') + facts.LIMBO_KINDS * bytesOf('Bag')],
    [facts.SLAB_STATE, bytesOf('SlabState')],
    [facts.ZS_STATE, bytesOf('ZsState')],
    [facts.STORE_STATE, bytesOf('StoreState')],
    [facts.THREADS_STATE, bytesOf('ThreadsState')],
    [facts.SLOT_TABLE, facts.SLOT_BYTES * (facts.MAX_SLOT + 1)],
    [facts.CACHE_TABLE, facts.CACHES * bytesOf('KmemCache')],
    [facts.PAGE_MAP, 0],
  ];
  for (const [i, [start, bytes]] of records.slice(0, -1).entries()) {
    assert.ok(start + bytes <= records[i + 1]![0], `record at ${start}`);
    assert.equal(start % 64, 0);
  }
  assert.ok(bytesOf('ThreadSlot') <= facts.SLOT_FRAMES);
  assert.ok(facts.SLOT_FRAMES + bytesOf('FramesOwn') <= facts.SLOT_HELD);
});

test('an image is usable after thawing: threads gone, their debts paid, the world running', () => {
  const zone = createZone({ hasStore: true });
  const store = storeFace(zone, zone.kernel);
  zone.join(2).beginSet(3, 100, 0);
  store.set('key', sample(1, 5000));
  zone.kernel.stop();
  const memory = createMemory(64);
  new Uint8Array(memory.buffer).set(zone.bytes);

  const kernel = openZone(memory);
  kernel.adoptImage();
  assert.equal(kernel.attach(1, 1), 3, 'dead slots are not free yet');
  assert.equal(kernel.recoverDead(), 2);
  assert.equal(kernel.prepare(), 0);
  assertSound(kernel);
  const copy = { ...zone, kernel, memory, bytes: new Uint8Array(memory.buffer) };
  assertBytes(storeFace(copy, kernel).get('key'), sample(1, 5000));
  zone.kernel.start();
});

test('stop names its thread until start, and leaves it inside: who waits is not forsaken', () => {
  const zone = createZone();
  const stop = (facts.THREADS_STATE + offsetOf('ThreadsState', 'stop')) / 4;
  const inKernel = wordOfSlot(1, 'inKernel') / 4;
  zone.kernel.stop();
  assert.equal(zone.words[stop], 1);
  assert.notEqual((zone.words[inKernel] ?? 0) | (zone.words[inKernel + 1] ?? 0), 0);
  zone.kernel.start();
  assert.equal(zone.words[stop], 0);
  assertSound(zone.kernel);
});

test('the stop of a dead thread ends by itself', () => {
  const zone = createZone();
  const other = zone.join(2);
  other.stop();
  assert.equal(zone.kernel.markDead(2), 1);
  assert.ok(zone.kernel.allocPages(0) > 0, 'the call waited a slice and went on');
  assert.equal(zone.kernel.recoverDead(), 1);
  assertSound(zone.kernel);
});
