/** Cache traces: each format is read right, and the kernel's eviction is what its model says. */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { compileQuickly } from '../bench/artifact.ts';
import { readTrace, type Trace, traceFiles } from '../bench/traces/read.ts';
import { readReference } from '../bench/traces/reference.ts';
import { hitRatio } from '../bench/traces/replay.ts';
import { hitRatiosOf } from '../bench/traces/rows.ts';
import { tempFolder } from './support/temp-folder.ts';

// The kernel that the suites of bench.test.ts have compiled.
compileQuickly();

function read(name: string, bytes: Uint8Array | string): Trace {
  const file = join(tempFolder(), name);
  writeFileSync(file, bytes);
  return readTrace(file);
}

const keys = [7, 5, 7, 7, 9, 5, 1, 7, 9];
const numbers = [0, 1, 0, 0, 2, 1, 3, 0, 2];

function big(width: 4 | 8, list: number[]): Buffer {
  const bytes = Buffer.alloc(width * list.length);
  for (const [i, key] of list.entries()) {
    if (width === 4) bytes.writeInt32BE(key, i * 4);
    else bytes.writeBigInt64BE(BigInt(key) * 0x1234_5678_9abn, i * 8);
  }
  return bytes;
}

test('a trace of texts: one key a line, comments and blank lines skipped', () => {
  const text = `* made by hand\n${keys.join('\n')}\n\n`;
  for (const trace of [read('a.trace', text), read('a.trace.gz', gzipSync(text))]) {
    assert.equal(trace.name, 'a');
    assert.deepEqual([...trace.requests], numbers);
    assert.equal(trace.keys, 4);
  }
});

test('a trace of ranges: start and count a line', () => {
  const trace = read('b.lis', '10 3 0 0\n11 1 0 1\n12 2 0 2\n');
  assert.deepEqual([...trace.requests], [0, 1, 2, 1, 2, 3]);
  assert.throws(() => read('b.lis', '10 three 0 0\n'), /not a line of a \.lis trace/);
});

test('a trace of words: their width is found by how often keys repeat', () => {
  const many = [...keys, ...madeUp().requests];
  for (const width of [4, 8] as const) {
    const trace = read('c.trace', big(width, many.slice(0, 10_000)));
    assert.equal(trace.requests.length, 10_000, `${width} bytes`);
    assert.deepEqual([...trace.requests.subarray(0, keys.length)], numbers);
  }
  assert.deepEqual([...read('c.trace', big(4, keys)).requests], numbers);
});

test('what is no trace is said to be none', () => {
  assert.throws(() => read('d.txt', '1\n'), /not called NAME\.trace/);
  assert.throws(() => read('d.trace', ''), /empty/);
  assert.throws(() => read('d.trace', Uint8Array.of(0, 1, 2, 200, 0)), /not whole keys/);
});

/** Requests of a program with a few popular keys, and a scan now and then. */
function madeUp(): Trace {
  let state = 1;
  const random = (below: number): number => {
    state = Math.imul(state, 1_103_515_245) + 12_345;
    return (state >>> 8) % below;
  };
  const requests = Array.from({ length: 20_000 }, (_, i) =>
    i % 1000 > 800 ? 1000 + i : random(2) === 0 ? random(30) : random(600),
  );
  return { name: 'made-up', requests: Uint32Array.from(requests), keys: new Set(requests).size };
}

/** S3-FIFO as it is written, over maps, with ghosts in exact order. */
function hitsOfModel({ requests }: Trace, slots: number): number {
  const small = new Map<number, number>();
  const main = new Map<number, number>();
  const ghosts = new Set<number>();
  const evict = () => {
    while (true) {
      const isSmall = small.size > 0 && small.size * 12 >= small.size + main.size;
      const [key, hits] = (isSmall ? small : main).entries().next().value!;
      (isSmall ? small : main).delete(key);
      if (isSmall ? hits >= 2 : hits >= 1) main.set(key, isSmall ? 0 : hits - 1);
      else {
        if (isSmall) ghosts.add(key);
        if (ghosts.size > 1.75 * slots) ghosts.delete(ghosts.values().next().value!);
        return;
      }
    }
  };
  let found = 0;
  for (const key of requests) {
    const queue = small.has(key) ? small : main.has(key) ? main : undefined;
    if (queue) {
      found++;
      queue.set(key, Math.min(3, queue.get(key)! + 1));
      continue;
    }
    if (small.size + main.size >= slots) evict();
    (ghosts.delete(key) ? main : small).set(key, 0);
  }
  return (100 * found) / requests.length;
}

test('replayed on the kernel, a trace has the hits of the policy', () => {
  const trace = madeUp();
  for (const slots of [20, 100, 300]) {
    const [ours, model] = [hitRatio(trace, slots), hitsOfModel(trace, slots)];
    // Ghosts are kept in lines, and a fingerprint may lie.
    assert.ok(Math.abs(ours - model) < 0.5, `${slots} slots: ${ours} %, the model ${model} %`);
  }
});

test('a folder is compared with its table, and what the table does not name is measured alone', () => {
  const folder = tempFolder();
  const lines = [...madeUp().requests].join('\n');
  writeFileSync(join(folder, 'known.trace.gz'), gzipSync(lines));
  writeFileSync(join(folder, 'other.trace'), '1\n2\n1\n');
  const head = 'trace\tsize\treq\tfifo\tlru';
  const rows = [20, 100].map((slots) => {
    return `set-known\t${slots}\t20000\t${hitRatio(madeUp(), slots)}\t99`;
  });
  writeFileSync(join(folder, 'reference-hit-rates.tsv'), [head, ...rows, ''].join('\n'));
  assert.equal(traceFiles(folder).length, 2);
  assert.deepEqual(readReference(folder)[1]!.slots, 100);
  const results = hitRatiosOf(folder);
  const mean = results.filter(({ name }) => name === 'hit-ratio');
  assert.deepEqual(
    mean.map(({ peer }) => peer?.split(' ')[0]),
    ['fifo', 'lru'],
  );
  // Keys have other numbers here, so that other fingerprints lie.
  assert.ok(Math.abs(mean[0]!.ratio! - 1) < 0.01);
  assert.ok(results.some(({ name, peer }) => name === 'hit-ratio-other-1' && peer === undefined));
});
