/**
 * A process whose files may not grow beyond a limit, as if the disk were full: it writes until its
 * tier fails, goes on without, has the limit lifted, and says what it saw.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { SharedCache } from '../../src/index.ts';
import { lmdbTier } from '../../src/tier/lmdb.ts';

/** What the test reads. */
export interface Seen {
  readonly full: { errors: number; lastError: string | undefined; breaker: string };
  /** Set and read again while it was full. */
  readonly local: string | undefined;
  /** Read from the folder while it was full. */
  readonly read: (string | undefined)[];
  readonly told: readonly boolean[];
  readonly flushed: { written: number; dropped: number };
  readonly after: { errors: number; breaker: string; queue: number };
}

const [, , path] = process.argv;
const tier = lmdbTier({ path: path!, timeoutMs: 20_000, maxStaleMs: 60_000 });
const cache = new SharedCache<string>({ maxSize: '16MiB', values: 'string', tier });
const told: boolean[] = [];
cache.on('tier', ({ isDegraded }) => told.push(isDegraded));

const early = Array.from({ length: 10 }, (_, i) => `early:${i}`);
for (const key of early) cache.set(key, 'value');
await cache.flush();
for (let i = 0; (cache.stats().tier?.breaker ?? '') === 'closed'; i++) {
  cache.set(`key:${i}`, randomBytes(500).toString('hex'));
  if (i % 200 === 0) await sleep(1);
}
const { errors, lastError, breaker } = cache.stats().tier!;
cache.set('local', 'value');
const local = await cache.getAsync('local');
while (told.length < 1) await sleep(1);
// What this one forgets lies in the folder still.
const forgetful = SharedCache.attach<string>(cache.handle, { tier: false });
for (const key of early) forgetful.delete(key);
const read = await cache.getManyAsync(early);
execFileSync('prlimit', ['--pid', `${process.pid}`, '--fsize=unlimited']);
const flushed = await cache.flush();
while (told.length < 2) await sleep(1);
const now = cache.stats().tier!;
const after = { errors: now.errors, breaker: now.breaker, queue: now.queue.entries };
const seen: Seen = { full: { errors, lastError, breaker }, local, read, told, flushed, after };
process.stdout.write(JSON.stringify(seen));
cache.close();
