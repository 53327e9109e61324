/** Damaged zones, a short run of damage.ts: nothing hangs, every error is typed, none is silent. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as facts from '../../src/generated/facts.ts';
import { seeded } from '../support/seeded.ts';
import { wordOfSlot } from '../support/structures.ts';
import { type Choose, damage, every } from './damage.ts';
import { allBits, metadataBits, metadataLines } from './damage-places.ts';
import { FEW_KEYS, KEYS } from './damage-values.ts';

/** Offset of a slot's word. The creator has the first slot, the supervisor the second. */

/** Bits that a loop once had no end for, or a key was not missed. */
const regressions = [
  { what: 'an idle thread has the lock of limbo', byte: facts.LIMBO_STATE, bits: 1 },
  { what: 'the shapes of zsmalloc lie elsewhere', byte: facts.ZS_STATE + 5 },
  { what: 'there are more leaves', byte: facts.STORE_STATE + 4 },
  { what: 'nobody has halted the world', byte: facts.THREADS_STATE + 9 },
  { what: 'keys have other hashes', byte: 0x30 },
  {
    what: 'the supervisor is in a section, and in no call',
    byte: wordOfSlot(2, 'inKernel') + 2,
    bits: 1,
  },
  { what: 'the supervisor is in a call', byte: wordOfSlot(2, 'inKernel') },
  { what: 'the thread itself is in a call', byte: wordOfSlot(3, 'inKernel') },
];

async function isSafe(bits: number[] | Choose, keys = KEYS): Promise<void> {
  const { flips, hangs, findings } = await damage(bits, keys);
  if (Array.isArray(bits)) assert.equal(flips, bits.length);
  assert.deepEqual(hangs, []);
  assert.deepEqual(findings, []);
}

for (const { what, byte, bits = 3 } of regressions) {
  test(`a flipped bit: ${what}`, () => isSafe(every(1, byte * 8, byte * 8 + bits)));
}

/** Offset of the number of entries in a leaf: the first of its notes (kernel/store/leaf.ts). */
const LEAF_ENTRIES = 24;

test('a flipped bit: the only leaf has more entries than it has, or fewer', () =>
  isSafe((cache) => {
    const words = new Uint32Array(cache.arena.memory.buffer);
    const { entries } = cache.stats();
    const pages = Array.from({ length: cache.arena.kernel.pageCount() }, (_, pfn) => pfn);
    const leaf = pages.find(
      (pfn) =>
        cache.arena.describe(pfn).use === 'index' &&
        words[(pfn * 4096 + LEAF_ENTRIES) / 4] === entries,
    );
    assert.ok(leaf !== undefined);
    const from = (leaf * 4096 + LEAF_ENTRIES) * 8;
    return every(1, from, from + 8);
  }, FEW_KEYS));

test('flipped bits of the first page, and of what follows it', () =>
  isSafe([...every(67, 0, 4096 * 8), ...every(24_989, 4096 * 8, 2 ** 20 * 8)]));

test('flipped bits of every kind of metadata, wherever it stands', async (context) => {
  let kinds: string[] = [];
  await isSafe((cache) => {
    kinds = [...metadataLines(cache).keys()];
    return metadataBits(cache, 6);
  });
  context.diagnostic(kinds.join(', '));
  const pages = ['index', 'slab', 'zspage', 'size classes', 'eviction queues', 'thread page'];
  for (const kind of pages) assert.ok(kinds.includes(kind), kind);
});

test('flipped bits of all that a small cache has, one of 500', () => {
  const part = seeded('damaged small cache').int(500);
  return isSafe((cache) => allBits(cache, part, 500), FEW_KEYS);
});
