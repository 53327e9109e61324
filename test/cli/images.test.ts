/**
 * Images: what is saved is what is loaded, what is damaged is told, and `check` finds a false word
 * that no checksum betrays.
 */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { crc32 } from 'node:zlib';
import * as facts from '../../src/generated/facts.ts';
import { Arena, BadImageError, SharedCache } from '../../src/index.ts';
import { offsetOf } from '../support/structures.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { pageless, reportOf, tempTree, textFiles } from './helpers.ts';

const HEADER = 32;
const RUN_HEADER = 12;
const folder = tempFolder();

/** A cache with something of every kind in it, and its image. */
function savedCache(name: string): { cache: SharedCache; file: string } {
  const cache = new SharedCache({ maxSize: '4MiB' });
  for (let i = 0; i < 300; i++) cache.set(`key ${i}`, Buffer.alloc(i * 20, i));
  cache.set('long', randomBytes(200_000));
  for (let i = 0; i < 300; i += 3) cache.delete(`key ${i}`);
  const file = join(folder, name);
  cache.arena.save(file);
  return { cache, file };
}

/** Writes another image: `change` gets the whole file, and the runs' sums are made right again. */
function forge(file: string, name: string, change: (image: DataView) => void): string {
  const bytes = new Uint8Array(readFileSync(file));
  const image = new DataView(bytes.buffer);
  change(image);
  for (let at = HEADER; at < bytes.length; ) {
    const end = at + RUN_HEADER + image.getUint32(at + 4, true) * facts.PAGE_BYTES;
    const sum = crc32(bytes.subarray(at + RUN_HEADER, end), crc32(bytes.subarray(at, at + 8)));
    image.setUint32(at + 8, sum, true);
    at = end;
  }
  const forged = join(folder, name);
  writeFileSync(forged, bytes);
  return forged;
}

/** Where a byte of fixed metadata stands in the file: the first run begins with it. */
const inFile = (address: number) => HEADER + RUN_HEADER + address;

function pageOfUse(arena: Arena, use: string): number {
  const pfns = Array.from({ length: arena.kernel.pageCount() }, (_, pfn) => pfn);
  return pfns.find((pfn) => arena.describe(pfn).use === use)!;
}

describe('images', () => {
  test('what is loaded is what was saved', () => {
    const { cache, file } = savedCache('same');
    using loaded = Arena.load(file);
    loaded.check();
    const report = loaded.report();
    const { threads, isSupervised, pagesByUse, freePages, limbo, ...rest } = report;
    const { objectBytes, storedBytes, compressionRatio, ...figures } = rest;
    const before = cache.arena.report();
    for (const [name, figure] of Object.entries(figures)) {
      assert.deepEqual(figure, before[name as keyof typeof figures], name);
    }
    assert.equal(threads, 1, 'the threads of the image are gone');
    assert.equal(isSupervised, false, 'and nobody else can join');
    assert.equal(pagesByUse['thread scratch'], undefined, 'and what they owned is free');
    assert.ok(freePages > before.freePages);
    // So is what waited in their rings. A zspage that this empties waits for a grace period.
    assert.deepEqual({ ...limbo, zspages: 0 }, { ...before.limbo, values: 0, zspages: 0 });
    assert.ok(objectBytes <= before.objectBytes);
    assert.ok(storedBytes <= before.storedBytes, 'and the pages that they alone were in');
    assert.ok(compressionRatio >= before.compressionRatio);
    cache.arena.check();
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.endsWith('.tmp')),
      [],
    );
  });

  test('an image loaded twice gives two arenas', () => {
    const { cache, file } = savedCache('twice');
    using first = Arena.load(file);
    using second = Arena.load(file);
    const pfn = first.allocPages(0)!;
    assert.equal(second.describe(pfn).use, 'free');
    assert.equal(cache.size, 201);
  });

  test('saved while other threads write, it is whole', async () => {
    const { cache } = savedCache('busy');
    const index = new URL('../../src/index.ts', import.meta.url).href;
    const body = `import { SharedCache } from '${index}';
      import { workerData, parentPort } from 'node:worker_threads';
      const cache = SharedCache.attach(workerData);
      for (let i = 0; ; i++) {
        cache.set('w' + (i % 100), new Uint8Array(4000).fill(i));
        if (i === 100) parentPort.postMessage('busy');
      }`;
    const script = new URL(`data:text/javascript,${encodeURIComponent(body)}`);
    const worker = new Worker(script, { workerData: cache.handle });
    await new Promise((resolve) => worker.once('message', resolve));
    for (let round = 0; round < 5; round++) {
      const file = join(folder, `busy-${round}`);
      cache.arena.save(file);
      using loaded = Arena.load(file);
      loaded.check();
    }
    await worker.terminate();
  });

  test('a damaged, shortened or foreign file is told', () => {
    const { file } = savedCache('sound');
    const damage = (name: string, change: (bytes: Buffer) => void) => {
      const bytes = readFileSync(file);
      change(bytes);
      writeFileSync(join(folder, name), bytes);
      return join(folder, name);
    };
    const flip = (at: number) => (bytes: Buffer) => bytes.writeUInt8(bytes[at]! ^ 1, at);
    const middle = readFileSync(file).length >> 1;
    const cases: [file: string, message: RegExp][] = [
      [damage('page', flip(middle)), /pages \d+ to \d+ are damaged/],
      [damage('header', flip(17)), /its header is damaged/],
      [damage('magic', flip(0)), /does not begin with "plzimage"/],
      [damage('version', flip(8)), /its version is 0\.\d+, and this one reads 1\.\d+/],
      [damage('run', flip(HEADER)), /damaged/],
      [damage('foreign', (bytes) => bytes.fill('a')), /does not begin with "plzimage"/],
      [join(folder, 'nowhere'), /cannot be read: ENOENT/],
      [folder, /cannot be read: EISDIR/],
    ];
    const short = damage('short', () => {});
    truncateSync(short, middle);
    const tiny = damage('tiny', () => {});
    truncateSync(tiny, 5);
    cases.push([short, /it has \d+ bytes instead of \d+/], [tiny, /it has 5 bytes/]);
    for (const [bad, message] of cases) {
      const isRight = (error: Error) =>
        error instanceof BadImageError && message.test(error.message);
      assert.throws(() => Arena.load(bad), isRight, bad);
    }
  });

  test('what cannot be written is told, and leaves nothing behind', () => {
    const cache = new SharedCache({ maxSize: '4MiB' });
    assert.throws(() => cache.arena.save(join(folder, 'no/such/folder')), BadImageError);
    assert.throws(() => cache.arena.save(folder), BadImageError);
    cache.arena.check();
  });
});

describe('images on the command line', { concurrency: true }, () => {
  test('demo --save, then check, then report', async () => {
    const tree = tempTree(textFiles(40, 2000));
    const file = join(folder, 'demo');
    const demo = await pageless(['demo', tree, '--save', file, '--json']);
    assert.equal(demo.status, 0, demo.stderr);
    assert.deepEqual(await pageless(['check', file]), { status: 0, stdout: 'ok\n', stderr: '' });
    const report = reportOf(await pageless(['report', file, '--json']));
    assert.equal(report.entries, 20);
    assert.equal(report.valueBytes, reportOf(demo).zone.valueBytes);
    const buddies = reportOf(await pageless(['report', 'buddyinfo', file, '--json']));
    const inBlocks = (blocks: number[]) =>
      blocks.reduce((sum, n, order) => sum + n * 2 ** order, 0);
    assert.equal(inBlocks(buddies.freeBlocks) + buddies.stockedPages, buddies.freePages);
    assert.equal(buddies.freePages, report.freePages);
    const types = reportOf(await pageless(['report', 'pagetypeinfo', file, '--json']));
    const all = Object.values<{ freeBlocks: number[] }>(types);
    const inTypes = all.reduce((sum, { freeBlocks }) => sum + inBlocks(freeBlocks), 0);
    assert.equal(inTypes, inBlocks(buddies.freeBlocks));
    for (const [name, first] of [
      ['buddyinfo', /pages free/],
      ['pagetypeinfo', /^order/],
    ] as const) {
      assert.match((await pageless(['report', name, file])).stdout, first);
    }
    assert.equal((await pageless(['report', 'nothing', file])).status, 2);
    const text = await pageless(['report', file]);
    assert.match(text.stdout, /entries +20\n/);
    assert.match(text.stdout, /zspage/);
  });

  test('check finds a false page word', async () => {
    const { cache, file } = savedCache('true');
    const word = facts.PAGE_MAP + 4 * pageOfUse(cache.arena, 'zspage');
    const forged = forge(file, 'false', (image) => {
      const seen = image.getUint32(inFile(word), true);
      image.setUint32(inFile(word), (seen & ~facts.TYPE_MASK) | facts.TYPE_SLAB, true);
    });
    const { status, stdout, stderr } = await pageless(['check', forged]);
    assert.match(stderr, /A page word contradicts its owner/);
    assert.equal(stdout, '');
    assert.equal(status, 1);
    const json = await pageless(['check', forged, '--json']);
    assert.equal(reportOf(json).ok, false);
    assert.equal(reportOf(json).fault, facts.FAULT_PAGE_WORD);
    assert.equal(json.status, 1);
  });

  test('check finds a page that is lost, and a poisoned zone', async () => {
    const { cache, file } = savedCache('full');
    const word = facts.PAGE_MAP + 4 * pageOfUse(cache.arena, 'zspage');
    const lost = forge(file, 'lost', (image) => image.setUint32(inFile(word), 0, true));
    assert.equal((await pageless(['check', lost])).status, 1);
    const fault = offsetOf('Superblock', 'fault');
    const poisoned = forge(file, 'poisoned', (image) => {
      image.setUint32(inFile(fault), facts.FAULT_REFS, true);
    });
    const { status, stderr } = await pageless(['check', poisoned]);
    assert.match(stderr, /A reference count is impossible/);
    assert.equal(status, 1);
  });

  test('a file that is no image: status 1; none at all: status 2', async () => {
    const tree = tempTree({ 'a.txt': 'something else, and longer than a header alone' });
    for (const command of ['check', 'report']) {
      const { status, stderr } = await pageless([command, join(tree, 'a.txt')]);
      assert.match(stderr, /a.txt is not a usable arena image/);
      assert.equal(status, 1);
    }
    assert.equal((await pageless(['check'])).status, 2);
  });
});
