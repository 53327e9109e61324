/**
 * The built package, as a user meets it: imported by its name, on the Node that called npm.
 *
 * Compiled to build/package/ by the build. Everything here must pass on the oldest supported Node.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Arena, InvalidArgumentError, SharedCache, type SharedCacheHandle } from 'pageless';

if (!isMainThread) {
  const cache = SharedCache.attach<string>(workerData as SharedCacheHandle);
  cache.set('from worker', `saw ${cache.get('from main')}`);
  parentPort?.postMessage(cache.size);
} else {
  test('a worker and the main thread share values', async () => {
    using cache = new SharedCache<string>({ maxSize: '8MiB', values: 'string' });
    cache.set('from main', 'hello');
    const worker = new Worker(new URL(import.meta.url), { workerData: cache.handle });
    const size = await new Promise((resolve, reject) => {
      worker.once('message', resolve).once('error', reject);
    });
    assert.equal(size, 2);
    assert.equal(cache.get('from worker'), 'saw hello');
    cache.arena.check();
  });

  test('values of all kinds survive eviction and reclaim', () => {
    using cache = new SharedCache<{ n: number; text: string }>({ maxSize: '4MiB', values: 'json' });
    // Digits that LZ4 makes little of: some 20 MB do not fit into 4 MiB.
    const text = (n: number): string =>
      Array.from({ length: n % 200 }, (_, i) => Math.imul(n + 1, i + 40_503) >>> 0).join();
    for (let n = 0; n < 20_000; n++) cache.set(`key ${n}`, { n, text: text(n) });
    let found = 0;
    for (let n = 0; n < 20_000; n++) {
      const value = cache.get(`key ${n}`);
      if (value === undefined) continue;
      assert.deepEqual(value, { n, text: text(n) });
      found++;
    }
    assert.ok(found > 0 && found < 20_000, `${found} found`);
    assert.equal(cache.stats().evictions, 20_000 - found);
    cache.arena.check();
  });

  test('pages are allocated, described and freed', () => {
    using arena = new Arena({ size: '4MiB' });
    const pfn = arena.allocPages(3);
    assert.ok(pfn !== undefined);
    assert.deepEqual(arena.describe(pfn), { pfn, use: 'allocated by user', order: 3 });
    arena.freePages(pfn, 3);
    assert.equal(arena.describe(pfn).use, 'free');
    arena.check();
  });

  test('misuse is a typed error', () => {
    assert.throws(() => new SharedCache({ maxSize: 'a lot' }), InvalidArgumentError);
  });

  test('the process ends by itself', () => {
    const script =
      "import { SharedCache } from 'pageless';" +
      "const cache = new SharedCache({ maxSize: '4MiB', values: 'string' });" +
      "cache.set('a', 'b'); console.log(cache.get('a'));";
    const flags = ['--input-type=module', '--eval', script];
    assert.equal(
      execFileSync(process.execPath, flags, { encoding: 'utf8', timeout: 240_000 }),
      'b\n',
    );
  });

  test('the command line loads, verifies and reports', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pageless-'));
    for (let i = 0; i < 40; i++)
      writeFileSync(join(folder, `${i}.txt`), `file ${i}\n`.repeat(i * 9));
    const command = ['dist/cli/main.js', 'demo', folder, '--max-size', '8MiB'];
    const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    assert.equal(status, 0, stderr);
    assert.match(stdout.trimEnd().split('\n').at(-1) ?? '', /^verified 20 entries$/);
  });
}
