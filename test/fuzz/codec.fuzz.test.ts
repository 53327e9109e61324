/**
 * The codec against a naive decoder: the same verdict and the same bytes, whatever comes in.
 *
 * Each case runs twice: with its source, and with its destination, ending where the memory ends.
 * PAGELESS_FUZZ_SECONDS sets the time of each test; a failure prints the seed to replay. Files of
 * outside data are used where PAGELESS_DATA names a folder with a `corpus` in it.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { gunzipSync } from 'node:zlib';
import { type CodecExports, createCodec, isSame, worstSize } from '../support/codec.ts';
import { naiveDecode } from '../support/naive-lz4.ts';
import { kinds, randomBlock, randomBytes } from '../support/random-bytes.ts';
import { type Seeded, seeded } from '../support/seeded.ts';
import { loadTestKernel } from '../support/test-kernel.ts';

const codecs = [createCodec('source'), createCodec('destination')];

/** Compresses and decodes `input` in every way that has an opinion. */
function checkRoundTrip(run: Seeded, input: Uint8Array, what: string): void {
  for (const codec of codecs) {
    const block = codec.compress(input, worstSize(input.length));
    assert.ok(block, `${what}: does not fit in the worst size`);
    const exact = codec.compress(input, block.length);
    assert.ok(exact && isSame(exact, block), `${what}: differs with the exact cap`);
    const less = block.length - 1 - run.int(Math.min(block.length, 40));
    if (less >= 0) assert.equal(codec.compress(input, less), undefined, `${what}: cap ${less}`);

    const naive = naiveDecode(block, input.length);
    assert.ok(naive && isSame(naive.bytes, input), `${what}: the oracle reads something else`);
    if (naive.lastStart >= 0) {
      assert.ok(naive.lastStart <= input.length - 12, `${what}: a match starts too late`);
      assert.ok(naive.lastEnd <= input.length - 5, `${what}: a match ends too late`);
    }
    const decoded = codec.decompress(block, input.length + run.int(2) * run.int(50));
    assert.ok(decoded && isSame(decoded, input), `${what}: comes back different`);
    if (input.length > 0) checkSame(block, input.length - 1 - run.int(input.length), what);
  }
}

/** Decodes `block` in both places and by the oracle: one verdict, the same bytes. */
function checkSame(block: Uint8Array, cap: number, what: string): boolean {
  const naive = naiveDecode(block, cap);
  for (const codec of codecs) {
    const decoded = codec.decompress(block, cap);
    const isAgreed = decoded && naive ? isSame(decoded, naive.bytes) : decoded === naive;
    if (isAgreed) continue;
    const hex = Buffer.from(block).toString('hex');
    assert.fail(`${what}: ${decoded?.length} against ${naive?.bytes.length}, cap ${cap}: ${hex}`);
  }
  return naive !== undefined;
}

/** Damages a copy of `block` in one of five ways. */
function corrupt(run: Seeded, block: Uint8Array): Uint8Array {
  const at = run.int(block.length);
  const way = run.int(5);
  if (way === 0) return block.slice(0, at);
  if (way === 1)
    return Uint8Array.from([...block.slice(0, at), ...block.slice(at + 1 + run.int(3))]);
  if (way === 2) return Uint8Array.from([...block.slice(0, at), run.int(256), ...block.slice(at)]);
  const damaged = block.slice();
  for (let left = 1 + run.int(3); left > 0; left--) {
    damaged[run.int(block.length)] = way === 3 ? run.int(256) : run.int(2) * 255;
  }
  return damaged;
}

test('every length from 0 to 300 comes back', () => {
  const run = seeded('short');
  for (let n = 0; n <= 300; n++) {
    for (const kind of kinds) checkRoundTrip(run, randomBytes(run, kind, n), `${kind} ${n}`);
  }
});

test('data of every kind up to 64 KiB comes back', () => {
  const run = seeded('long');
  for (const kind of kinds) checkRoundTrip(run, randomBytes(run, kind, 65536), `${kind} 65536`);
  while (run.hasTime()) {
    const kind = kinds[run.int(kinds.length)]!;
    const n = run.int(run.int(4) ? 5000 : 65537);
    checkRoundTrip(run, randomBytes(run, kind, n), `${kind} ${n}`);
  }
});

test('damaged blocks get the verdict and the bytes of the oracle', () => {
  const run = seeded('damaged');
  while (run.hasTime()) {
    const kind = kinds[run.int(kinds.length)]!;
    const input = randomBytes(run, kind, 1 + run.int(2000));
    const block = codecs[0]!.compress(input, worstSize(input.length))!;
    for (let round = 0; round < 20; round++) {
      const cap = input.length + run.int(100) - run.int(Math.min(50, input.length));
      checkSame(corrupt(run, block), cap, `damaged ${kind}`);
    }
  }
});

test('made-up blocks get the verdict and the bytes of the oracle', (context) => {
  const run = seeded('made up');
  let cases = 0;
  let accepted = 0;
  while (run.hasTime()) {
    const block = randomBlock(run);
    const size = naiveDecode(block, 70000)?.bytes.length ?? 1000;
    const caps = [size, size + run.int(64), Math.max(0, size - 1 - run.int(40))];
    for (const cap of caps) if (checkSame(block, cap, 'made up')) accepted++;
    cases += caps.length;
    const noise = randomBytes(run, 'noise', run.int(60));
    checkSame(noise, run.int(300), 'noise');
  }
  context.diagnostic(`${cases} cases, ${accepted} accepted`);
  assert.ok(
    accepted > cases / 4 && accepted < cases,
    'the generator no longer tests both verdicts',
  );
});

test('a source that another thread overwrites does no harm', async (context) => {
  const { memory, exports } = loadTestKernel<CodecExports>(64);
  const run = seeded('torn');
  const bytes = new Uint8Array(memory.buffer);
  const [size, cap, guard, table] = [2000, 60000, 256, 0x40000];
  const src = bytes.length - size; // read too far, and it traps
  const dst = 0x20000;
  const block = randomBlockOf(run, size);
  bytes.set(block, src);
  bytes.fill(0xa5, dst - guard, dst + cap + guard);
  const worker = new Worker(
    `const { memory, src, size } = require('node:worker_threads').workerData;
     const bytes = new Uint8Array(memory.buffer);
     const block = bytes.slice(src, src + size);
     while (bytes[0] === 0) {
       const at = Math.floor(Math.random() * size);
       bytes[src + at] = Math.random() < 0.3 ? 255 * (Math.random() < 0.5) : Math.random() * 256;
       bytes[src + (at * 7) % size] = block[(at * 7) % size];
     }`,
    { eval: true, workerData: { memory, src, size } },
  );
  let cases = 0;
  try {
    while (run.hasTime()) {
      cases += 2;
      const produced = exports.decompress(src, size, dst, cap);
      assert.ok(produced >= -1 && produced <= cap, `decompress returned ${produced}`);
      const written = exports.compress(src, size, dst, cap, table);
      assert.ok(written > 0 && written <= worstSize(size), `compress returned ${written}`);
    }
  } finally {
    bytes[0] = 1;
    await new Promise((done) => worker.once('exit', done));
  }
  context.diagnostic(`${cases} cases`);
  for (let at = 0; at < guard; at++) {
    assert.equal(bytes[dst - guard + at], 0xa5, 'written before the destination');
    assert.equal(bytes[dst + cap + at], 0xa5, 'written behind the destination');
  }
});

/** `size` bytes of blocks one behind the other, so that every byte may become a token. */
function randomBlockOf(run: Seeded, size: number): Uint8Array {
  const block = new Uint8Array(size);
  let at = 0;
  while (at < size) {
    const next = randomBlock(run).subarray(0, size - at);
    block.set(next, at);
    at += next.length;
  }
  return block;
}

const corpus = join(process.env.PAGELESS_DATA ?? '', 'corpus');
const skip = process.env.PAGELESS_DATA === undefined && 'PAGELESS_DATA names no folder';

test('files of the corpus come back in pages', { skip }, () => {
  const run = seeded('corpus');
  for (const name of readdirSync(corpus)) {
    const raw = readFileSync(join(corpus, name));
    const data = name.endsWith('.gz') ? gunzipSync(raw) : raw;
    for (let at = 0; at < 10 && run.hasTime(); at++) {
      const start = run.int(data.length);
      const page = Uint8Array.from(data.subarray(start, start + 4096));
      checkRoundTrip(run, page, `${name} at ${start}`);
    }
  }
});
