/** A second tier in LMDB: what lies in the folder, and what it does not survive. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { open as openLmdb } from 'lmdb';
import { SharedCache } from '../../src/cache/constructor.ts';
import { FrameMaker } from '../../src/tier/frame.ts';
import { bytesOf } from '../../src/tier/frame-memory.ts';
import { type LmdbTierOptions, lmdbTier } from '../../src/tier/lmdb.ts';
import { type Cache, lmdbTest } from '../support/lmdb-folder.ts';
import { until } from '../support/tiered.ts';
import type { Seen } from './lmdb-full.ts';

const keysOf = (count: number) => Array.from({ length: count }, (_, i) => `key:${i}`);
const errorOf = (cache: Cache) => cache.stats().tier?.lastError ?? '';

lmdbTest('what one writes another finds, and whoever comes after a restart', async (_, open) => {
  const one = open();
  const two = open();
  const long = 'x'.repeat(2048);
  const values: [key: string | Uint8Array, value: string][] = [
    ['empty', ''],
    ['big', 'y'.repeat(300_000)],
    ['ключ', 'text'],
    [new Uint8Array([0, 255, 128]), 'bytes'],
    [long, 'a key longer than LMDB takes'],
  ];
  for (const [key, value] of values) assert.ok(one.set(key, value));
  assert.deepEqual(await one.flush(), { written: 5, dropped: 0 });
  const keys = values.map(([key]) => key);
  assert.deepEqual(
    await two.getManyAsync(keys),
    values.map(([, value]) => value),
  );
  assert.equal(await two.getAsync(`${long.slice(1)}z`), undefined);
  assert.equal(two.stats().tier?.channel, 'silent');
  for (const cache of [one, two]) cache.close();
  const three = open();
  assert.equal(await three.getAsync(long), 'a key longer than LMDB takes');
  three.delete('big');
  await three.flush();
  assert.equal(await open().getAsync('big'), undefined);
  three.clear();
  await three.flush();
  assert.ok((await open().getManyAsync(keys)).every((value) => value === undefined));
});

lmdbTest('what is believed is as old as maxStaleMs at most', async (_, open) => {
  const one = open({ maxStaleMs: 50 });
  const two = open({ maxStaleMs: 50 });
  one.set('key', 'old');
  await one.flush();
  assert.equal(await two.getAsync('key'), 'old');
  assert.ok(two.getRemainingTTL('key') <= 50);
  one.set('key', 'new');
  await one.flush();
  await until(() => two.get('key') === undefined);
  assert.equal(await two.getAsync('key'), 'new');
});

lmdbTest('it stays within its size, and what goes was written longest ago', async (path, open) => {
  const cache = open({ maxSize: '4MiB' });
  const keys = keysOf(12_000);
  for (const [i, key] of keys.entries()) {
    cache.set(key, randomBytes(500).toString('hex'));
    if (i % 200 === 199) await cache.flush();
  }
  const { size } = statSync(join(path, 'data.mdb'));
  assert.ok(size < 8 * 2 ** 20, `${size} bytes`);
  const fresh = open({ maxSize: '4MiB' });
  const found = (await fresh.getManyAsync(keys)).map((value) => value !== undefined);
  const first = found.indexOf(true);
  assert.ok(first > 0 && found.lastIndexOf(false) < keys.length - 1);
  assert.ok(found.slice(first).every(Boolean), 'the rest is there without a gap');
  assert.ok(keys.length - first > 1000, `${keys.length - first} entries are left`);
  cache.set(keys[0]!, 'again');
  await cache.flush();
  assert.equal(await fresh.getAsync(keys[0]!), 'again');
});

lmdbTest('a value too long for it is refused, and no older one stays', async (_, open) => {
  const cache = open({ maxSize: '1MiB' });
  cache.set('key', 'small');
  await cache.flush();
  cache.set('key', randomBytes(200_000).toString('hex'));
  assert.deepEqual(await cache.flush(), { written: 0, dropped: 1 });
  assert.equal(await open().getAsync('key'), undefined);
});

lmdbTest('what has expired is swept out', async (path, open) => {
  const maker = new FrameMaker('string');
  const frame = bytesOf(
    maker.make([Buffer.from('no block, but nobody looks')], 26, Date.now() - 1)!,
  );
  const tier = lmdbTier({ path });
  const expired = keysOf(3000).map((key) => ({ key: Buffer.from(key), frame, ttl: undefined }));
  await tier.setMany(expired);
  const cache = open();
  cache.set('stays', 'value');
  await cache.flush();
  const encoding = 'binary' as const;
  const raw = openLmdb({ path, encoding, keyEncoding: encoding });
  const half = raw.openDB({ name: 'a', encoding, keyEncoding: encoding });
  await until(() => {
    raw.resetReadTxn();
    return half.getCount() === 1;
  });
  assert.equal(await open().getAsync('stays'), 'value');
  await raw.close();
  await tier.close();
});

lmdbTest('a thread whose event loop does not turn reads the present', async (path, open) => {
  const cache = open();
  cache.set('key', 'old');
  await cache.flush();
  const tier = lmdbTier({ path });
  await tier.connect();
  const key = Buffer.from('key');
  const [before] = await tier.getMany([key]);
  const program = `
    import { SharedCache } from ${JSON.stringify(new URL('../../src/index.ts', import.meta.url))};
    import { lmdbTier } from ${JSON.stringify(new URL('../../src/tier/lmdb.ts', import.meta.url))};
    const tier = lmdbTier({ path: ${JSON.stringify(path)} });
    const cache = new SharedCache({ maxSize: '4MiB', values: 'string', tier });
    cache.set('key', 'new');
    await cache.flush();
    cache.close();`;
  execFileSync(process.execPath, ['--input-type=module', '--eval', program]);
  // Only microtasks since: lmdb by itself would read the snapshot of before.
  const [after] = await tier.getMany([key]);
  assert.notDeepEqual(after, before);
  await tier.close();
});

lmdbTest('frames that are damaged, or of another kind, are misses', async (path, open) => {
  const texts = open();
  for (const key of ['head', 'json']) texts.set(key, '[1]');
  await texts.flush();
  const encoding = 'binary' as const;
  const raw = openLmdb({ path, encoding, keyEncoding: encoding });
  const half = raw.openDB({ name: 'a', encoding, keyEncoding: encoding });
  const frame = half.getBinary(Buffer.from('khead'))!;
  frame[5]! ^= 1;
  await half.put(Buffer.from('khead'), frame);
  const json = new SharedCache({ maxSize: '8MiB', values: 'json', tier: lmdbTier({ path }) });
  const fresh = open();
  assert.equal(await fresh.getAsync('head'), undefined);
  assert.equal(await json.getAsync('json'), undefined);
  assert.deepEqual([fresh.stats().tier?.foreign, json.stats().tier?.foreign], [1, 1]);
  json.close();
  await raw.close();
});

lmdbTest('a folder that cannot be used is said so, and the cache goes on', async (path, open) => {
  const raw = openLmdb({ path });
  await raw.put('theirs', 1);
  await raw.close();
  await assert.rejects(lmdbTier({ path }).connect(), {
    code: 'ERR_PAGELESS_TIER',
    message: /another database/,
  });
  const file = join(path, 'file');
  writeFileSync(file, '');
  await assert.rejects(lmdbTier({ path: join(file, 'in') }).connect(), {
    code: 'ERR_PAGELESS_TIER',
    message: /cannot be made/,
  });
  const cache = open();
  cache.set('key', 'value');
  assert.equal(await cache.getAsync('absent'), undefined);
  assert.equal(cache.get('key'), 'value');
  assert.match(errorOf(cache), /another database/);
});

lmdbTest(
  'closed while it writes, it neither throws nor loses what it said it has',
  async (path) => {
    const frame = Buffer.alloc(1000);
    for (let round = 0; round < 20; round++) {
      const tier = lmdbTier({ path });
      await tier.connect();
      const key = Buffer.from(`key:${round}`);
      const written = tier.setMany([{ key, frame, ttl: undefined }]).catch(() => [false]);
      await Promise.resolve();
      if (round % 2 === 1) await sleep(0);
      await tier.close();
      const [isKept] = await written;
      await sleep(1);
      await assert.rejects(tier.getMany([key]), { code: 'ERR_PAGELESS_TIER', message: /closed/ });
      const again = lmdbTier({ path });
      const [found] = await again.getMany([key]);
      assert.ok(found !== undefined || !isKept);
      await again.close();
    }
  },
);

const noLimits =
  spawnSync('prlimit', ['--version']).status !== 0 && 'left out: prlimit is not installed';

test('a full disk: counted, told, local goes on, and all is written when there is room', {
  skip: noLimits,
}, () => {
  const path = mkdtempSync(join(tmpdir(), 'pageless-full-'));
  const program = fileURLToPath(new URL('lmdb-full.ts', import.meta.url));
  // A writer beyond the limit is signalled first, which ends it.
  const limited = `trap '' XFSZ; ulimit -S -f 4096; exec "$0" "$@"`;
  const args = ['-c', limited, process.execPath, '--no-warnings', program, path];
  try {
    const { status, stdout } = spawnSync('sh', args, { encoding: 'utf8', timeout: 240_000 });
    assert.equal(status, 0, 'no promise of lmdb’s was left alone');
    const { full, local, read, told, flushed, after }: Seen = JSON.parse(stdout);
    assert.ok(full.errors >= 3);
    assert.notEqual(full.breaker, 'closed');
    assert.match(full.lastError!, /Input\/output error|No space left/);
    assert.equal(local, 'value');
    assert.deepEqual(new Set(read), new Set(['value']), 'the folder is read as ever');
    assert.deepEqual(told, [true, false]);
    assert.ok(flushed.written > 0 && flushed.dropped === 0, JSON.stringify(flushed));
    assert.deepEqual([after.breaker, after.queue], ['closed', 0]);
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
});

test('wrong options are typed errors', () => {
  const code = 'ERR_PAGELESS_INVALID_ARGUMENT';
  const path = tmpdir();
  const wrong = [
    {},
    { path: 5 },
    { path: '' },
    { path: 'a\0b' },
    { path, maxSize: '1KiB' },
    { path, writer: 'everybody' },
    { path, maxStaleMs: 0 },
    { path, keyPrefix: 'a' },
  ];
  for (const options of wrong) assert.throws(() => lmdbTier(options as LmdbTierOptions), { code });
});
