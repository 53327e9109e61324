/** The codec by example: known hashes, hand-made LZ4 blocks, exact limits, what is malformed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CodecExports, createCodec, worstSize } from '../../test/support/codec.ts';
import { naiveDecode } from '../../test/support/naive-lz4.ts';
import { loadTestKernel } from '../../test/support/test-kernel.ts';

const codec = createCodec('destination');
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const asText = (bytes: Uint8Array | undefined): string | undefined =>
  bytes && new TextDecoder().decode(bytes);
const decode = (block: number[], cap = 1000): string | undefined =>
  asText(codec.decompress(Uint8Array.from(block), cap));

test('hash64 gives the published values of XXH64', () => {
  assert.equal(codec.hash64(text(''), 0n), 0xef46db3751d8e999n);
  assert.equal(codec.hash64(text('a'), 0n), 0xd24ec4f1a98c6e5bn);
  assert.equal(codec.hash64(text('abc'), 0n), 0x44bc2cf5ad770999n);
});

test('hash64 agrees with a plain XXH64 at every length and under seeds', () => {
  const input = Uint8Array.from({ length: 200 }, (_, index) => (index * 167 + 13) & 255);
  for (let n = 0; n <= input.length; n++) {
    for (const seed of [0n, 1n, 0x9e3779b97f4a7c15n, 2n ** 64n - 1n]) {
      const part = input.subarray(0, n);
      assert.equal(codec.hash64(part, seed), plainHash(part, seed), `n ${n}, seed ${seed}`);
    }
  }
});

/** Two lanes that collide with two others under every seed. */
function colliding(first: bigint, second: bigint): [Uint8Array, Uint8Array] {
  const bytesOf = (...words: bigint[]) => new Uint8Array(BigUint64Array.from(words).buffer);
  const other = [unmixed(mixed(first) ^ (1n << 36n)), unmixed(mixed(second) ^ (1n << 63n))];
  return [bytesOf(first, second), bytesOf(...other)];
}

test('keys that collide under XXH64, whatever the seed, do not under hashKey', () => {
  for (let i = 1n; i <= 50n; i++) {
    const [one, other] = colliding(cut(i * 0x0123456789abcdefn), i);
    for (const seed of [1n, cut(0x9e3779b97f4a7c15n * i), 2n ** 64n - i]) {
      assert.equal(codec.hash64(one, seed), codec.hash64(other, seed), 'this is why');
      assert.notEqual(codec.hashKey(one, seed), codec.hashKey(other, seed));
    }
  }
});

test('every bit of a key, and of the seed, changes hashKey', () => {
  for (const length of [1, 3, 4, 8, 12, 31, 32, 40, 100]) {
    const key = Uint8Array.from({ length }, (_, i) => i * 7);
    const seen = new Set([codec.hashKey(key, 5n)]);
    for (let bit = 0; bit < length * 8; bit++) {
      const other = key.slice();
      other[bit >> 3]! ^= 1 << (bit & 7);
      seen.add(codec.hashKey(other, 5n));
    }
    for (let bit = 0n; bit < 64n; bit++) seen.add(codec.hashKey(key, 5n ^ (1n << bit)));
    assert.equal(seen.size, 1 + length * 8 + 64, `${length} bytes`);
  }
});

test('checksum changes with every single bit', () => {
  const input = text('a manager of memory needs to know what its bytes were');
  const sums = new Set([codec.checksum(input)]);
  for (let bit = 0; bit < input.length * 8; bit++) {
    const damaged = input.slice();
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    sums.add(codec.checksum(damaged));
  }
  assert.equal(sums.size, 1 + input.length * 8);
});

test('decompress reads literals, matches and their overlap', () => {
  assert.equal(decode([0x00]), '');
  assert.equal(decode([0x30, 97, 98, 99]), 'abc');
  assert.equal(decode([0x10, 97, 1, 0, 0x00]), 'aaaaa');
  assert.equal(decode([0x32, 97, 98, 99, 3, 0, 0x10, 33]), 'abcabcabc!');
  const long = decode([0x1f, 97, 1, 0, 255, 255, 6, 0x10, 33]);
  assert.equal(long, `${'a'.repeat(1 + 4 + 15 + 255 + 255 + 6)}!`);
  const literals = Array.from({ length: 300 }, (_, index) => 97 + (index % 26));
  assert.equal(decode([0xf0, 255, 30, ...literals]), String.fromCharCode(...literals));
});

test('decompress refuses what is malformed', () => {
  assert.equal(decode([]), undefined, 'nothing at all');
  assert.equal(decode([0x10]), undefined, 'literals missing');
  assert.equal(decode([0x10, 97, 1]), undefined, 'half an offset');
  assert.equal(decode([0x10, 97, 1, 0]), undefined, 'no last literals');
  assert.equal(decode([0x10, 97, 0, 0, 0x00]), undefined, 'offset 0');
  assert.equal(decode([0x10, 97, 2, 0, 0x00]), undefined, 'offset before the start');
  assert.equal(decode([0xf0]), undefined, 'length without bytes');
  assert.equal(decode([0x1f, 97, 1, 0, 255]), undefined, 'length without end');
  assert.equal(decode([0x30, 97, 98, 99], 2), undefined, 'literals beyond cap');
  assert.equal(decode([0x10, 97, 1, 0, 0x00], 4), undefined, 'match beyond cap');
  assert.equal(decode([0x10, 97, 1, 0, 0x00], 5), 'aaaaa');
});

/** A block of 20 literals, a short match, this sequence, and `rest` last literals. */
function blockOf(literals: number, offset: number, length: number, rest: number): Uint8Array {
  const extra = (count: number): number[] =>
    count < 15 ? [] : [...new Array(Math.floor((count - 15) / 255)).fill(255), (count - 15) % 255];
  const bytesOf = (count: number) => Array.from({ length: count }, (_, index) => 33 + index);
  const part = (count: number, match: number) => [
    (Math.min(count, 15) << 4) | Math.min(match, 15),
    ...extra(count),
    ...bytesOf(count),
  ];
  return Uint8Array.from([
    ...[...part(20, 0), 3, 0],
    ...[...part(literals, length - 4), offset, 0, ...extra(length - 4)],
    ...part(rest, 0),
  ]);
}

test('decompress agrees with a plain decoder at each length, offset and distance to the end', () => {
  const lengths = [4, 8, 9, 16, 17, 18, 19, 20, 48, 273, 274, 600];
  for (const flush of ['source', 'destination'] as const) {
    const decoder = createCodec(flush);
    for (const literals of [0, 14, 15, 269, 270, 600]) {
      for (const offset of [1, 4, 7, 8, 9, 16]) {
        for (const length of lengths) {
          for (let rest = 0; rest < 400; rest += rest < 40 ? 1 : 180) {
            const block = blockOf(literals, offset, length, rest);
            const expected = naiveDecode(block, 2000)!.bytes;
            const what = `${flush}: ${literals}, ${offset}, ${length}, ${rest}`;
            const bytes = decoder.decompress(block, expected.length);
            assert.equal(bytes && Buffer.compare(bytes, expected), 0, what);
          }
        }
      }
    }
  }
});

test('compress succeeds with exactly the bytes it needs, and with less writes nothing outside', () => {
  const inputs = [text(''), text('x'), text('no repeat'), text('ab'.repeat(900)), text('word ')];
  for (let round = 0; round < 60; round++) inputs.push(text(`${round} of ${round * 7} `.repeat(9)));
  // Literals and matches around the lengths at which a nibble overflows.
  for (let literals = 12; literals < 18; literals++) {
    for (const match of [17, 18, 19, 20, 273, 274, 275]) {
      const fresh = Uint8Array.from({ length: literals }, (_, index) => 128 + index);
      const known = new Uint8Array(match).map((_, index) => (index * index) >> 3);
      inputs.push(Uint8Array.from([...known, ...fresh, ...known, ...fresh.toReversed()]));
    }
  }
  for (const input of inputs) {
    const block = codec.compress(input, worstSize(input.length));
    assert.ok(block);
    assert.deepEqual(codec.compress(input, block.length), block);
    for (let cap = Math.max(0, block.length - 60); cap < block.length; cap++) {
      assert.equal(codec.compress(input, cap), undefined);
    }
    assert.deepEqual(codec.decompress(block, input.length), input);
  }
});

test('compress makes a page of zeros small and leaves noise about as long', () => {
  assert.ok(codec.compress(new Uint8Array(4096), 32));
  let state = 1;
  const noise = Uint8Array.from({ length: 4096 }, () => {
    state = Math.imul(state, 48271) % 0x7fffffff;
    return state >> 8;
  });
  assert.equal(codec.compress(noise, 4096), undefined);
  assert.ok(codec.compress(noise, worstSize(4096)));
});

test('compress never extends a match to before the input', () => {
  // The guard before the source holds 0xa5, so the repeat seems to begin one byte earlier.
  const start = text('begins with this, ');
  const input = Uint8Array.from([
    ...start,
    0xa5,
    ...start,
    ...text('and then comes the end of it'),
  ]);
  for (const flush of ['source', 'destination'] as const) {
    const block = createCodec(flush).compress(input, worstSize(input.length));
    assert.ok(block && block.length < input.length);
    assert.deepEqual(codec.decompress(block, input.length), input);
  }
});

test('nor where the search, in steps of several bytes, finds it within its first four', () => {
  const start = text('repeats itself');
  for (let between = 350; between < 500; between++) {
    const noise = Uint8Array.from({ length: between }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 24);
    const input = Uint8Array.from([...start, ...noise, 0xa5, ...start, ...noise.subarray(0, 30)]);
    const block = codec.compress(input, worstSize(input.length));
    assert.ok(block && block.length < input.length);
    assert.deepEqual(codec.decompress(block, input.length), input, `${between} bytes between`);
  }
});

test('compress depends on its input alone, not on what the table held', () => {
  const { memory, exports } = loadTestKernel<CodecExports>(64);
  const bytes = new Uint8Array(memory.buffer);
  const [src, dst, table] = [0x10000, 0x20000, 0x40000];
  bytes.set(text('the same again, and the same again, and not the same. '.repeat(20)), src);
  const results = [0, 0xff, 0x5a].map((rest) => {
    bytes.fill(rest, table, table + 16384);
    const size = exports.compress(src, 1080, dst, 2000, table);
    return Buffer.from(bytes.slice(dst, dst + size)).toString('hex');
  });
  assert.equal(new Set(results).size, 1);
});

test('sizes beyond the limits and ranges that wrap are refused', () => {
  const { exports } = loadTestKernel<CodecExports>(64);
  assert.equal(exports.compress(0, 65537, 0x20000, 1000, 0x30000), -1);
  assert.equal(exports.compress(0xfffffff0, 32, 0x20000, 1000, 0x30000), -1);
  assert.equal(exports.compress(0, 32, 0xfffffff0, 1000, 0x30000), -1);
  assert.equal(exports.decompress(0, 2 ** 23 + 1, 0x20000, 1000), -1);
  assert.equal(exports.decompress(0xfffffff0, 32, 0x20000, 1000), -1);
  assert.equal(exports.decompress(0, 32, 0xfffffff0, 1000), -1);
});

test('a block decodes into a room of 2 GiB and more', () => {
  const { memory, exports } = loadTestKernel<CodecExports>(64);
  const bytes = new Uint8Array(memory.buffer);
  const [src, block, dst] = [0x10000, 0x20000, 0x30000];
  const input = text('more than the fast loop needs, more than it needs, and a bit. '.repeat(9));
  bytes.set(input, src);
  const size = exports.compress(src, input.length, block, 1000, 0x40000);
  for (const cap of [2 ** 31 - 1, 2 ** 31, 2 ** 31 + 100, 2 ** 32 - 1 - dst]) {
    assert.equal(exports.decompress(block, size, dst, cap), input.length, `room of ${cap}`);
    assert.deepEqual(bytes.slice(dst, dst + input.length), input);
    bytes.fill(0, dst, dst + input.length);
  }
});

test('lengths that would overflow 31 bits are refused', () => {
  const { memory, exports } = loadTestKernel<CodecExports>(160);
  const bytes = new Uint8Array(memory.buffer);
  const [src, n, dst] = [0x10000, 2 ** 23, 0x900000];
  bytes.fill(255, src, src + n);
  bytes[src + n - 1] = 254;
  assert.equal(exports.decompress(src, n, dst, 4096), -1, 'literals');
  bytes.set([0x1f, 97, 1, 0], src);
  assert.equal(exports.decompress(src, n, dst, 4096), -1, 'match');
});

/** The primes of XXH64. */
const [p1, p2, p3, p4, p5] = [
  0x9e3779b185ebca87n,
  0xc2b2ae3d27d4eb4fn,
  0x165667b19e3779f9n,
  0x85ebca77c2b2ae63n,
  0x27d4eb2f165667c5n,
] as const;

function cut(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

function turn(value: bigint, by: bigint): bigint {
  return cut((value << by) | (value >> (64n - by)));
}

/** What a lane of input becomes before it meets anything that depends on the seed; and back. */
function mixed(lane: bigint): bigint {
  return cut(turn(cut(lane * p2), 31n) * p1);
}

function unmixed(lane: bigint): bigint {
  return cut(turn(cut(lane * inverse(p1)), 33n) * inverse(p2));
}

/** Of an odd number, modulo 2^64: each step doubles the bits that are right. */
function inverse(odd: bigint): bigint {
  let found = odd;
  for (let i = 0; i < 6; i++) found = cut(found * (2n - odd * found));
  return found;
}

/** XXH64 as its description reads, with numbers as large as it likes. */
function plainHash(input: Uint8Array, seed: bigint): bigint {
  const round = (lane: bigint, word: bigint): bigint => cut(turn(cut(lane + word * p2), 31n) * p1);
  const view = new DataView(input.buffer, input.byteOffset, input.length);
  let at = 0;
  let hash = cut(seed + p5);
  if (input.length >= 32) {
    let lanes = [seed + p1 + p2, seed + p2, seed, seed - p1].map(cut);
    for (; at + 32 <= input.length; at += 32) {
      lanes = lanes.map((lane, index) => round(lane, view.getBigUint64(at + index * 8, true)));
    }
    hash = [1n, 7n, 12n, 18n].reduce((sum, by, index) => cut(sum + turn(lanes[index]!, by)), 0n);
    for (const lane of lanes) hash = cut((hash ^ round(0n, lane)) * p1 + p4);
  }
  hash = cut(hash + BigInt(input.length));
  for (; at + 8 <= input.length; at += 8) {
    hash = cut(turn(hash ^ round(0n, view.getBigUint64(at, true)), 27n) * p1 + p4);
  }
  for (; at + 4 <= input.length; at += 4) {
    hash = cut(turn(hash ^ cut(BigInt(view.getUint32(at, true)) * p1), 23n) * p2 + p3);
  }
  for (; at < input.length; at++) hash = cut(turn(hash ^ cut(BigInt(input[at]!) * p5), 11n) * p1);
  hash = cut((hash ^ (hash >> 33n)) * p2);
  hash = cut((hash ^ (hash >> 29n)) * p3);
  return hash ^ (hash >> 32n);
}
