/**
 * A process whose frames may be of another version: it sets and reads keys that others of another
 * version set and read as well, and says what it saw.
 */
import { once } from 'node:events';
import { registerHooks } from 'node:module';

const [, , kind, place, version] = process.argv as string[];
const WRITTEN = /FRAME_VERSION = \d+/;

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.endsWith('/tier/frame.ts')) return loaded;
    const source = String(loaded.source);
    if (!WRITTEN.test(source)) throw new Error('the version is written otherwise by now');
    return { ...loaded, source: source.replace(WRITTEN, `FRAME_VERSION = ${version}`) };
  },
});
const { SharedCache } = await import('../../src/cache/constructor.ts');
const { lmdbTier } = await import('../../src/tier/lmdb.ts');
const { redisTier } = await import('../../src/tier/redis.ts');

const ROUNDS = 60;
const keys = Array.from({ length: 10 }, (_, i) => `key:${i}`);
const policy = { maxStaleMs: 20, timeoutMs: 20_000 };
const tier =
  kind === 'lmdb'
    ? lmdbTier({ path: place!, ...policy })
    : redisTier({ keyPrefix: 'app', socket: { path: place! }, ...policy });
const cache = new SharedCache<string>({ maxSize: '8MiB', values: 'string', tier });
await tier.connect();

/** What was read that this version has not written. */
const strange: string[] = [];
let own = 0;

async function readAll(): Promise<void> {
  for (const value of await cache.getManyAsync(keys)) {
    if (value === undefined) continue;
    if (value.startsWith(`${version}:`)) own++;
    else strange.push(value);
  }
}

process.send!('ready');
await once(process, 'message');
for (let round = 0; round < ROUNDS; round++) {
  const key = keys[round % keys.length]!;
  if (round % 7 === 6) cache.delete(key);
  else cache.set(key, `${version}:${round}`);
  await cache.flush();
  await readAll();
}
for (const key of keys) cache.set(key, `${version}:end`);
await cache.flush();
process.send!('written');
await once(process, 'message');
const { errors, foreign, lastError } = cache.stats().tier!;
const left = (await cache.getManyAsync(keys)).filter((value) => value !== undefined).length;
process.send!({ own, strange, errors, foreign, lastError, left });
await once(process, 'message');
cache.clear();
await cache.flush();
process.send!('cleared');
await once(process, 'message');
process.send!((await cache.getManyAsync(keys)).filter((value) => value !== undefined).length);
process.disconnect();
cache.close();
