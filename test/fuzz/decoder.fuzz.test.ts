/**
 * The decoder and damage, one place after the other: each length cut off, each bit turned over,
 * each claim of a length that is too long, each room that is too small.
 *
 * Verdict and bytes are those of the naive decoder. Source and destination end by turns where the
 * memory ends, and the source begins where it begins, so that a byte too far traps; around the
 * destination lie guards. With PAGELESS_FUZZ_SECONDS a million cases at least, however long they
 * take.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CodecExports, worstSize } from '../support/codec.ts';
import { naiveDecode } from '../support/naive-lz4.ts';
import { kinds, randomBlock, randomBytes } from '../support/random-bytes.ts';
import { type Seeded, seeded } from '../support/seeded.ts';
import { loadTestKernel } from '../support/test-kernel.ts';

const GUARD = 64;
const GUARD_BYTE = 0xa5;
const LOW = 256;
/** From here on the decoder takes its fast loop. */
const FAST = 65536;
const TABLE_AT = 0x40000;
/** Bytes by which a claimed length is too long. */
const EXCESS = 40;
const GOAL: number = process.env.PAGELESS_FUZZ_SECONDS === undefined ? 10_000 : 1_000_000;

const { memory, exports } = loadTestKernel<CodecExports>(64);
const bytes = new Uint8Array(memory.buffer);
const guard = new Uint8Array(GUARD).fill(GUARD_BYTE);

/** Decodes as much of `block` as `n` says, in four places, and compares with the oracle. */
function check(block: Uint8Array, n: number, cap: number, what: string): void {
  const naive = naiveDecode(block.subarray(0, n), cap);
  const places = [
    [bytes.length - n, FAST],
    [bytes.length - n, LOW],
    [FAST, bytes.length - cap],
    [0, FAST],
  ] as const;
  for (const [src, dst] of places) {
    bytes.set(block.subarray(0, n), src);
    bytes.fill(GUARD_BYTE, dst - GUARD, dst + cap + GUARD);
    const produced = exports.decompress(src, n, dst, cap);
    const where = `${what}, n ${n}, cap ${cap}, dst ${dst}`;
    assert.equal(produced, naive ? naive.bytes.length : -1, where);
    if (naive) assert.equal(Buffer.compare(bytes.subarray(dst, dst + produced), naive.bytes), 0);
    assert.equal(Buffer.compare(bytes.subarray(dst - GUARD, dst), guard), 0, `${where}: before`);
    const behind = bytes.subarray(dst + cap, dst + cap + GUARD);
    assert.equal(Buffer.compare(behind, guard.subarray(0, behind.length)), 0, `${where}: behind`);
  }
}

/** A block with its decoded size: of real matches, or made up. */
function someBlock(run: Seeded): { block: Uint8Array; size: number } {
  if (run.int(4) === 0) {
    const block = randomBlock(run).slice(0, 600);
    return { block, size: naiveDecode(block, 4096)?.bytes.length ?? 300 };
  }
  const size = 1 + run.int(800);
  bytes.set(randomBytes(run, kinds[run.int(kinds.length)]!, size), FAST);
  const n = exports.compress(FAST, size, 2 * FAST, worstSize(size), TABLE_AT);
  return { block: bytes.slice(2 * FAST, 2 * FAST + n), size };
}

/** All damage of one kind in all places. @returns the cases */
type Damage = (block: Uint8Array, size: number, run: Seeded) => number;

const damages: Record<string, Damage> = {
  'a block that ends early, at each byte': (block, size) => {
    for (let n = 0; n < block.length; n++) check(block, n, size, 'cut');
    return block.length;
  },
  'each bit turned over': (block, size) => {
    for (let bit = 0; bit < block.length * 8; bit++) {
      const mask = 1 << (bit & 7);
      block[bit >> 3]! ^= mask;
      check(block, block.length, size, `bit ${bit}`);
      block[bit >> 3]! ^= mask;
    }
    return block.length * 8;
  },
  'a claimed length that is too long': (block, size, run) => {
    const longer = new Uint8Array(block.length + EXCESS);
    longer.set(block);
    longer.set(randomBytes(run, 'noise', EXCESS), block.length);
    for (let more = 1; more <= EXCESS; more++) check(longer, block.length + more, size, 'long');
    return EXCESS;
  },
  'each room that is too small': (block, size) => {
    for (let cap = 0; cap < size; cap++) check(block, block.length, cap, 'small');
    return size;
  },
};

for (const [name, damage] of Object.entries(damages)) {
  test(`${name}: the verdict of the oracle, not a byte outside`, (context) => {
    const run = seeded(name);
    let cases = 0;
    while (run.hasTime() || cases < GOAL / Object.keys(damages).length) {
      const { block, size } = someBlock(run);
      check(block, block.length, size, 'whole');
      cases += damage(block, size, run);
    }
    context.diagnostic(`${cases} cases, each in four places`);
  });
}
