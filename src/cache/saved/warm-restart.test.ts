/** What a cache has saved is loaded as it was, or not at all. */

import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { noise } from '../../../test/support/numbers.ts';
import { poisonZone } from '../../../test/support/poison-zone.ts';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { Arena } from '../../arena/arena.ts';
import { systemTime } from '../../border/clock.ts';
import {
  BadImageError,
  CorruptionError,
  DisposedError,
  InvalidArgumentError,
} from '../../errors.ts';
import * as facts from '../../generated/facts.ts';
import { SharedCache } from '../constructor.ts';

const folder = tempFolder();
let files = 0;
const newFile = () => join(folder, `${files++}.cache`);

const maxSize = '16MiB';
const lengths = [0, 1, 3, 100, 4096, facts.BLOCK_BYTES, facts.BLOCK_BYTES + 1, 300_000, 1_500_000];
const text = (length: number) => new Uint8Array(length).fill(97);

async function saved(cache: { save(file: string): Promise<void> }): Promise<string> {
  const file = newFile();
  await cache.save(file);
  return file;
}

const damaged = (error: unknown) =>
  error instanceof BadImageError && /is not a usable saved cache: /.test(error.message);

test('keys and values of any length come back, compressed or not', async () => {
  for (const compression of ['lz4', 'none'] as const) {
    using cache = new SharedCache({ maxSize, maxEntrySize: '4MiB', compression });
    for (const length of lengths) {
      assert.ok(cache.set(`noise ${length}`, noise(length)));
      assert.ok(cache.set(`text ${length}`, text(length)));
    }
    assert.ok(cache.set(new Uint8Array(2048).fill(255), text(5)));
    assert.ok(cache.set('ключ', text(6)));
    using loaded = await SharedCache.load(await saved(cache));
    assert.equal(loaded.size, 2 * lengths.length + 2);
    for (const length of lengths) {
      assert.deepEqual(loaded.get(`noise ${length}`), noise(length));
      assert.deepEqual(loaded.get(`text ${length}`), text(length));
    }
    assert.deepEqual(loaded.get(new Uint8Array(2048).fill(255)), text(5));
    assert.deepEqual(loaded.get('ключ'), text(6));
    const { arena: _, ...settings } = cache.handle;
    assert.partialDeepStrictEqual(loaded.handle, settings);
    assert.equal(loaded.stats().storedBytes, cache.stats().storedBytes);
    loaded.arena.check();
  }
});

test('an empty cache is a file as well', async () => {
  using cache = new SharedCache({ maxSize, values: 'json' });
  using loaded = await SharedCache.load<object>(await saved(cache));
  assert.equal(loaded.size, 0);
  assert.ok(loaded.set('key', { one: 1 }));
});

test('times to live go on by the wall, whatever the clock of the cache', async () => {
  const hour = 3_600_000;
  for (const now of [undefined, () => 5000]) {
    const clock = now === undefined ? {} : { now };
    using cache = new SharedCache({ maxSize, values: 'string', ...clock });
    cache.set('never', 'a');
    cache.set('long', 'b', { ttl: hour });
    cache.set('short', 'c', { ttl: 1 });
    const savedAt = Date.now();
    const file = await saved(cache);
    while (Date.now() <= savedAt + 5) await sleep(1);
    using loaded = await SharedCache.load<string>(file, clock);
    assert.equal(loaded.getRemainingTTL('never'), Number.POSITIVE_INFINITY);
    const left = loaded.getRemainingTTL('long');
    assert.ok(left > hour / 2 && left < hour, `${left}`);
    assert.equal(loaded.get('short'), undefined);
    assert.equal(loaded.size, 2);
  }
});

test('tags, stale times and times to live of their own come back', async () => {
  let now = 1000;
  const options = {
    maxSize,
    values: 'string',
    ttl: 500,
    staleFor: Number.POSITIVE_INFINITY,
  } as const;
  using cache = new SharedCache({ ...options, now: () => now });
  const tags = ['a', 'ü'.repeat(128)];
  cache.set('tagged', 'v', { tags, ttl: 0 });
  cache.set('stale', 'v', { ttl: 100_000, staleFor: 50_000 });
  cache.set('odd', 'v', { ttl: 123_457, staleFor: 0 });
  cache.set('long', 'v'.repeat(200_000), { tags: ['b'], ttl: 7_000, staleFor: 9_000 });
  cache.set('x'.repeat(2048), 'v', { tags: ['b'] });
  now += 20;
  using loaded = await SharedCache.load<string>(await saved(cache), { now: () => now });
  assert.deepEqual(loaded.info('tagged')?.tags, tags);
  assert.equal(loaded.handle.staleFor, Number.POSITIVE_INFINITY);
  assert.equal(loaded.get('long')?.length, 200_000);
  now += 60_000;
  loaded.touch('odd');
  assert.equal(loaded.getRemainingTTL('odd'), 123_457);
  now += 50_000;
  assert.deepEqual([loaded.get('stale'), loaded.get('long')], [undefined, undefined]);
  assert.equal(loaded.get('stale', { allowStale: true }), 'v');
  loaded.deleteTag('b');
  assert.equal(loaded.get('x'.repeat(2048), { allowStale: true }), undefined);
  loaded.deleteTag(tags[1]!);
  assert.deepEqual([loaded.has('tagged'), loaded.has('odd')], [false, true]);
  loaded.arena.check();
});

test('namespaces come back with what they hold', async () => {
  const codec = {
    serialize: (value: number) => Uint8Array.of(value),
    deserialize: (bytes: Uint8Array) => bytes[0]!,
  };
  using cache = new SharedCache<string>({ maxSize, values: 'string' });
  const json = cache.namespace<unknown>('json', { values: 'json', ttl: 70_000 });
  const own = cache.namespace('own ü', { values: codec, staleFor: Number.POSITIVE_INFINITY });
  cache.set('k', 'root');
  json.set('k', { n: 1 }, { tags: ['t'] });
  own.set('k', 7);
  own.set('long'.repeat(500), 8);
  using loaded = await SharedCache.load<string>(await saved(cache));
  assert.equal(loaded.get('k'), 'root');
  assert.deepEqual([...loaded.namespace<unknown>('json').entries()], [['k', { n: 1 }]]);
  const again = loaded.namespace('own ü', { values: codec, staleFor: Number.POSITIVE_INFINITY });
  assert.deepEqual([again.get('k'), again.get('long'.repeat(500)), again.size], [7, 8, 2]);
  assert.throws(() => loaded.namespace('json', { ttl: 1 }), InvalidArgumentError);
  assert.equal(loaded.namespace('new').size, 0);
  loaded.namespace<unknown>('json').deleteTag('t');
  assert.equal(loaded.namespace<unknown>('json').has('k'), false);
  loaded.arena.check();
});

test('a codec of one’s own is asked for again', async () => {
  const values = {
    serialize: (date: Date) => Uint8Array.of(date.getUTCDate()),
    deserialize: (bytes: Uint8Array) => new Date(Date.UTC(2026, 0, bytes[0])),
  };
  using cache = new SharedCache({ maxSize, values });
  cache.set('key', new Date(Date.UTC(2026, 0, 7)));
  const file = await saved(cache);
  await assert.rejects(SharedCache.load(file), InvalidArgumentError);
  using loaded = await SharedCache.load(file, { values });
  assert.equal(loaded.get('key')?.getUTCDate(), 7);
});

test('misuse is told, and nothing is made', async () => {
  using cache = new SharedCache({ maxSize, values: 'json' });
  const file = await saved(cache);
  const load = SharedCache.load as (...args: unknown[]) => Promise<unknown>;
  await assert.rejects(load(file, { maxsize: 5 }), /maxSize/);
  await assert.rejects(load(file, { values: 'string' }), InvalidArgumentError);
  await assert.rejects(load(file, { maxSize: '1KiB' }), InvalidArgumentError);
  for (const name of ['near', 'now', 'tier']) {
    await assert.rejects(load(file, { [name]: null }), InvalidArgumentError, name);
  }
  await assert.rejects(load(5), InvalidArgumentError);
  await assert.rejects((cache.save as (file?: unknown) => Promise<void>)(), InvalidArgumentError);
});

test('each option is read once', async () => {
  using cache = new SharedCache<string>({ maxSize, values: 'string' });
  let reads = 0;
  const options = {
    get values() {
      reads++;
      return 'string' as const;
    },
  };
  using loaded = await SharedCache.load<string>(await saved(cache), options);
  assert.equal(reads, 1);
  assert.equal(loaded.handle.values, 'string');
});

test('a smaller cache keeps what it has room for', async () => {
  using cache = new SharedCache({ maxSize, maxEntrySize: maxSize });
  for (let i = 0; i < 8000; i++) cache.set(`${i}`, noise(1000 + (i % 7)));
  using loaded = await SharedCache.load(await saved(cache), { maxSize: '6MiB' });
  assert.equal(loaded.handle.maxEntrySize, 6 * 2 ** 20);
  assert.ok(loaded.size > 1000 && loaded.size < 6000, `${loaded.size}`);
  for (let i = 0; i < 8000; i++) {
    const value = loaded.get(`${i}`);
    if (value) assert.deepEqual(value, noise(1000 + (i % 7)));
  }
  loaded.arena.check();
});

test('what is there all the time is in the file, and what changes is as it was once', async () => {
  using cache = new SharedCache({ maxSize: '32MiB', values: 'string' });
  const value = (i: number, n: number) => `${i}:${n}:${'x'.repeat(1000)}`;
  for (let i = 0; i < 10_000; i++) cache.set(`${i}`, value(i, 0));
  let isDone = false;
  const saving = saved(cache).finally(() => {
    isDone = true;
  });
  let turns = 0;
  for (; !isDone; turns++) {
    for (let i = 0; i < 1000; i += 2) cache.set(`${i}`, value(i, turns));
    for (let i = 1; i < 1000; i += 2) cache.delete(`${i}`);
    await sleep(0);
  }
  assert.ok(turns > 1);
  using loaded = await SharedCache.load<string>(await saving);
  for (let i = 0; i < 10_000; i++) {
    const [key, turn] = loaded.get(`${i}`)?.split(':') ?? [];
    if (i < 1000 && i % 2 === 1 && key === undefined) continue;
    assert.equal(key, `${i}`);
    assert.ok(Number(turn) < turns && (i < 1000 || turn === '0'));
  }
});

test('a file that is cut off anywhere is refused', async () => {
  using cache = new SharedCache({ maxSize: '4MiB' });
  for (const length of [0, 10, 100, 70_000]) cache.set(`${length}`, noise(length));
  const whole = readFileSync(await saved(cache));
  const file = newFile();
  for (let length = 0; length < whole.length; length += length < 400 ? 7 : 3001) {
    writeFileSync(file, whole.subarray(0, length));
    await assert.rejects(SharedCache.load(file), damaged, `${length} bytes`);
  }
  writeFileSync(file, Buffer.concat([whole, Buffer.of(0)]));
  await assert.rejects(SharedCache.load(file), damaged);
});

test('a file with a bit that is wrong is refused, or nothing of it is wrong', async () => {
  using cache = new SharedCache({ maxSize: '4MiB' });
  const entries = [1, 10, 300, 70_000].map((length) => [`${length}`, noise(length)] as const);
  for (const [key, value] of entries) cache.set(key, value, { ttl: 10_000_000 });
  const whole = readFileSync(await saved(cache));
  const file = newFile();
  let refused = 0;
  let tried = 0;
  for (let at = 0; at < whole.length; at += at < 600 || at > whole.length - 64 ? 3 : 4999) {
    const flipped = Buffer.from(whole);
    flipped[at]! ^= 1 << (at & 7);
    writeFileSync(file, flipped);
    tried++;
    try {
      using loaded = await SharedCache.load(file);
      for (const [key, value] of entries) assert.deepEqual(loaded.get(key), value, `byte ${at}`);
      loaded.arena.check();
    } catch (error) {
      assert.ok(damaged(error), `byte ${at}: ${error}`);
      refused++;
    }
  }
  assert.ok(refused > tried * 0.95, `${refused} of ${tried}`);
});

/** Bits of each byte two or three; `npm run damage` all of them. */
const BIT_STEP = process.env.PAGELESS_EVERY_BIT ? 1 : 3;

test('whichever bit of the records is wrong, it is refused or what is loaded can be read', async () => {
  using cache = new SharedCache({ maxSize: '4MiB', values: 'string', staleFor: 1000 });
  const space = cache.namespace<unknown>('s', { values: 'json', ttl: 90_000_000 });
  cache.set('raw', 'r', { tags: ['t'], ttl: 80_000_000 });
  space.set('raw', { n: 1 }, { staleFor: 7 });
  space.set('lz4', 'abcd'.repeat(40), { tags: ['t'], ttl: 70_000_000 });
  const seen = (of: SharedCache<string>) => [...of, ...of.namespace<unknown>('s')].sort();
  const [whole, file] = [readFileSync(await saved(cache)), newFile()];
  const start = 16 + whole.readUInt32LE(12) + 4;
  for (let bit = start * 8; bit < (whole.length - 32) * 8; bit += BIT_STEP) {
    const flipped = Buffer.from(whole);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    writeFileSync(file, flipped);
    try {
      using loaded = await SharedCache.load<string>(file);
      assert.deepEqual(seen(loaded), seen(cache), `bit ${bit}`);
    } catch (error) {
      assert.ok(damaged(error), `bit ${bit}: ${error}`);
    }
  }
});

test('another format, a folder and nothing at all are refused', async () => {
  using cache = new SharedCache({ maxSize });
  const image = newFile();
  cache.arena.save(image);
  await assert.rejects(SharedCache.load(image), /: it is an arena image, for Arena.load/);
  const noCache = newFile();
  writeFileSync(noCache, 'a text\n'.repeat(10));
  await assert.rejects(SharedCache.load(noCache), /it does not begin with "plzcache"/);
  const cacheFile = await saved(cache);
  assert.throws(() => Arena.load(cacheFile), /: it is a saved cache, for SharedCache.load$/);
  await assert.rejects(SharedCache.load(folder), damaged);
  await assert.rejects(SharedCache.load(newFile()), (error: Error) => {
    assert.match(error.message, /it cannot be read: ENOENT/);
    return (error.cause as { code?: string }).code === 'ENOENT';
  });
  const bytes = readFileSync(await saved(cache));
  bytes.writeUInt32LE(2, 8);
  writeFileSync(image, bytes);
  await assert.rejects(SharedCache.load(image), /its version is 2, and this one reads 3/);
});

test('a save that fails leaves the last file, and no other', async () => {
  const cache = new SharedCache({ maxSize, values: 'string' });
  for (let i = 0; i < 5000; i++) cache.set(`${i}`, 'x'.repeat(900 + i));
  const file = await saved(cache);
  const before = readFileSync(file);
  const count = readdirSync(folder).length;
  const saving = cache.save(file);
  cache.close();
  await assert.rejects(saving, /^DisposedError: This cache was disposed$/);
  await assert.rejects(cache.save(file), DisposedError);
  assert.deepEqual(readFileSync(file), before);
  assert.equal(readdirSync(folder).length, count);
});

test('a poisoned cache is not saved', async () => {
  using cache = new SharedCache({ maxSize });
  cache.set('key', text(5));
  poisonZone(cache.arena.memory);
  const file = newFile();
  await assert.rejects(cache.save(file), CorruptionError);
  assert.ok(!existsSync(file));
});

test('two saves of one name do not get in each other’s way', async () => {
  using cache = new SharedCache({ maxSize, values: 'json' });
  for (let i = 0; i < 3000; i++) cache.set(`${i}`, { i });
  const file = newFile();
  await Promise.all([cache.save(file), cache.save(file)]);
  using loaded = await SharedCache.load<{ i: number }>(file);
  assert.equal(loaded.size, 3000);
  const copy = newFile();
  copyFileSync(file, copy);
  using again = await SharedCache.load<{ i: number }>(copy);
  assert.deepEqual(again.get('2999'), { i: 2999 });
});

test('what would end after 2^41 ms of the new cache never does', async (t) => {
  // The wall is a year ahead when it is saved, and right again when it is loaded.
  const wall = t.mock.method(systemTime, 'wall', () => Date.now() + 31_536_000_000);
  using cache = new SharedCache({ maxSize, values: 'string' });
  cache.set('last', 'a', { ttl: 2 ** 41 - 10_000 });
  cache.set('stale', 'b', { ttl: 2 ** 41 - 20_000, staleFor: 5000 });
  cache.set('soon', 'c', { ttl: 60_000 });
  const file = await saved(cache);
  wall.mock.restore();
  using loaded = await SharedCache.load<string>(file, { values: 'string' });
  assert.deepEqual(
    ['last', 'stale', 'soon'].map((key) => loaded.get(key)),
    ['a', 'b', 'c'],
  );
  assert.equal(loaded.getRemainingTTL('last'), Number.POSITIVE_INFINITY);
  assert.equal(loaded.getRemainingTTL('stale'), Number.POSITIVE_INFINITY);
  assert.ok(loaded.getRemainingTTL('soon') > 31_000_000_000);
  loaded.arena.check();
});
