/**
 * Blocks go out as they are stored and come back; what is none is not taken, and poisons nothing.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noise } from '../../../test/support/numbers.ts';
import { Arena } from '../../arena/arena.ts';
import { takeScratch } from '../../arena/scratch.ts';
import { ZoneClock } from '../../border/clock.ts';
import * as facts from '../../generated/facts.ts';
import { type StoredBlock, StoredBlocks } from './stored.ts';
import { Border } from './transfer.ts';

function open(size = '16MiB') {
  const arena = new Arena({ size });
  assert.equal(arena.kernel.formatStore(), 0);
  const clock = new ZoneClock(arena.kernel, arena.memory);
  takeScratch(arena.kernel);
  const border = new Border(arena.kernel, arena.memory, clock);
  const stored = new StoredBlocks(arena.kernel, arena.memory);
  const set = (key: string, value: Uint8Array, isRaw = false, expiry = 0) =>
    border.outgoing.store(
      border.putKey(key),
      { bytes: value, length: value.length, times: { expiry } },
      isRaw,
    ) === 0;
  const get = (key: string) =>
    border.incoming.fetch(border.putKey(key), (bytes) => Buffer.from(bytes));
  return { arena, clock, border, stored, set, get };
}

/** Blocks as a reader of frames hands them over. */
function blocksOf(blocks: Uint8Array[], valueBytes: number): StoredBlock[] {
  return blocks.map((stored, i) => ({
    stored,
    valueBytes: Math.min(facts.BLOCK_BYTES, valueBytes - i * facts.BLOCK_BYTES),
  }));
}

const text = (bytes: number) =>
  Buffer.from('all work and no play '.repeat(bytes)).subarray(0, bytes);

for (const length of [0, 1, 100, 4096, facts.BLOCK_BYTES, facts.BLOCK_BYTES + 1, 300_000]) {
  for (const [kind, value] of [
    ['text', text(length)],
    ['noise', Buffer.from(noise(length))],
  ] as const) {
    test(`${length} bytes of ${kind} go out of one cache and into another`, () => {
      const from = open();
      const to = open();
      const expiry = from.clock.now() + 60_000;
      assert.ok(from.set('key', value, false, expiry));
      const entry = from.stored.read(from.border.putKey('key'), from.clock.now());
      assert.ok(entry);
      assert.equal(entry.valueBytes, length);
      assert.equal(entry.expiry, expiry);
      const blocks = blocksOf(entry.blocks, length);
      assert.deepEqual(Buffer.from(to.stored.decode(blocks, length)!), value);
      assert.equal(to.stored.add(to.border.putKey('other'), blocks, length, 0), 'kept');
      assert.deepEqual(to.get('other'), value);
      for (const { arena } of [from, to]) {
        arena.check();
        arena.close();
      }
    });
  }
}

test('after a set of one block its block is lent, even if others had to go', () => {
  const { arena, clock, stored, set, border } = open('4MiB');
  for (let i = 0; i < 6000; i++) {
    const value = i % 2 === 0 ? Buffer.from(noise(2000)) : text(2000);
    value.writeUInt32LE(i);
    assert.ok(set(`key:${i}`, value));
    const block = new Uint8Array(stored.lent);
    assert.deepEqual(
      Buffer.from(stored.decode(blocksOf([block], value.length), value.length)!),
      value,
    );
  }
  assert.ok(arena.report().evictions > 0);
  assert.equal(stored.read(border.putKey('absent'), clock.now()), undefined);
  arena.close();
});

test('a block that is damaged anywhere is not taken, and no entry is replaced', () => {
  const { arena, clock, border, stored, set, get } = open();
  set('key', text(1000));
  const { blocks } = stored.read(border.putKey('key'), clock.now())!;
  const whole = blocks[0]!;
  for (let bit = 0; bit < whole.length * 8; bit++) {
    const damaged = whole.slice();
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    const wrong = [{ stored: damaged, valueBytes: 1000 }];
    assert.equal(stored.decode(wrong, 1000), undefined, `bit ${bit}`);
    assert.equal(stored.add(border.putKey('new'), wrong, 1000, 0), 'damaged', `bit ${bit}`);
  }
  for (const [stub, valueBytes] of [
    [whole.subarray(0, 7), 1000],
    [whole.subarray(0, -1), 1000],
    [whole, 999],
    [whole, 1001],
    [whole, facts.BLOCK_BYTES + 1],
  ] as const) {
    const wrong = [{ stored: stub, valueBytes }];
    assert.equal(stored.add(border.putKey('new'), wrong, valueBytes, 0), 'damaged');
  }
  assert.equal(stored.add(border.putKey('key'), blocksOf(blocks, 1000), 1000, 0), 'refused');
  assert.equal(get('new'), undefined);
  assert.deepEqual(get('key'), text(1000));
  arena.check();
  arena.close();
});

test('a block whose coding is not that of its length is not taken', () => {
  const { arena, clock, border, stored, set } = open();
  // As LZ4 it is a literal, a match of four bytes and two literals: seven bytes as well.
  const value = Buffer.of(0x10, 9, 1, 0, 0x20, 5, 6);
  set('key', value);
  const { blocks } = stored.read(border.putKey('key'), clock.now())!;
  const damaged = blocks[0]!.slice();
  damaged[3]! ^= 0x80;
  const wrong = [{ stored: damaged, valueBytes: value.length }];
  assert.equal(stored.decode(wrong, value.length), undefined);
  arena.close();
});

test('what gives way to a draft of another thread between two blocks is begun anew', () => {
  const { arena, clock, border, stored, set, get } = open();
  const value = noise(3 * facts.BLOCK_BYTES);
  set('key', value);
  const blocks = blocksOf(stored.read(border.putKey('key'), clock.now())!.blocks, value.length);
  const append = arena.kernel.appendStored;
  let calls = 0;
  arena.kernel.appendStored = (...args) => {
    if (++calls !== 2) return append(...args);
    // As the kernel does it: what was there of the draft is gone.
    assert.equal(append(0, 1), facts.ERR_ARGUMENT);
    return facts.ERR_RESTART;
  };
  assert.equal(stored.add(border.putKey('new'), blocks, value.length, 0), 'kept');
  assert.equal(calls, 2 + blocks.length);
  assert.deepEqual(get('new'), Buffer.from(value));
  arena.check();
  arena.close();
});

test('a second block that is damaged leaves nothing of the first', () => {
  const { arena, clock, border, stored, set } = open();
  const value = noise(facts.BLOCK_BYTES + 10);
  set('key', value);
  const blocks = blocksOf(stored.read(border.putKey('key'), clock.now())!.blocks, value.length);
  const before = arena.report();
  const wrong = [blocks[0]!, { ...blocks[1]!, stored: new Uint8Array(blocks[1]!.stored.length) }];
  for (let i = 0; i < 100; i++) {
    assert.equal(stored.add(border.putKey('new'), wrong, value.length, 0), 'damaged');
  }
  assert.equal(arena.report().entries, before.entries);
  assert.equal(arena.report().storedBytes, before.storedBytes);
  arena.check();
  arena.close();
});
