/**
 * An option that would do nothing, for want of another or because another one says otherwise, is a
 * typed error that names it; with what it needs it is taken.
 */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CacheStore } from '../../src/adapters/undici.ts';
import { Arena, InvalidArgumentError, SharedCache } from '../../src/index.ts';
import { inspect, inspectFile, inspectOnSignal } from '../../src/inspect/index.ts';
import { lmdbTier } from '../../src/tier/lmdb.ts';
import { redisTier } from '../../src/tier/redis.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { openTiered } from '../support/tiered.ts';

const folder = tempFolder();
const cache = new SharedCache({ maxSize: '4MiB', maxEntrySize: 1000 });
const arena = new Arena({ size: '4MiB' });
const image = join(folder, 'image');
arena.save(image);
after(() => {
  for (const one of [cache, arena]) one.close();
});

const redis = (options: object) => redisTier({ keyPrefix: 'app', ...options });
const lmdb = (options: object) => lmdbTier({ path: join(folder, 'tier'), ...options }).close();
const own = (policy: object) => openTiered({ policy }).cache.close();
const undici = (maxEntrySize: number) => new CacheStore({ cache, maxEntrySize });
const shown = async (options: object) => (await inspect(arena, options)).close();
const shownFile = async (options: object) => (await inspectFile(image, options)).close();
const waiting = (options: object) => inspectOnSignal(arena, options)?.[Symbol.asyncDispose]();

const url = 'redis://localhost:6379';
const full = 'redis://me:secret@localhost:6379/1';
const behind = { writes: 'behind', writeDelayMs: 5 };

/** By name: what is refused, what the error names, and what is taken. */
const idle: [call: (options: never) => unknown, wrong: unknown, name: string, right: unknown][] = [
  [own, { writeDelayMs: 5 }, 'writeDelayMs', behind],
  [own, { writes: 'through', writeDelayMs: 50 }, 'writeDelayMs', { writes: 'through' }],
  [redis, { writeDelayMs: 5 }, 'writeDelayMs', behind],
  [lmdb, { writeDelayMs: 5 }, 'writeDelayMs', behind],
  [redis, { url, socket: { host: 'other' } }, 'host', { url, socket: { keepAlive: true } }],
  [redis, { url, socket: { port: 1 } }, 'port', { socket: { host: 'other', port: 1 } }],
  [redis, { url, socket: { path: '/s' } }, 'path', { socket: { path: '/s' } }],
  [redis, { url, socket: { tls: true } }, 'socket.tls', { url, socket: { tls: false } }],
  [redis, { url: full, username: 'you' }, 'username', { url, username: 'you' }],
  [redis, { url: full, password: 'other' }, 'password', { url, password: 'other' }],
  [redis, { url: full, database: 2 }, 'database', { url, database: 2 }],
  [undici, 1001, 'maxEntrySize', 1000],
  [shown, { port: false }, 'port', { port: false, record: join(folder, 'recording') }],
  [shown, { port: false, record: join(folder, 'r'), keys: true }, 'keys', { keys: true }],
  [shownFile, { port: false }, 'port', { port: 0 }],
  [shownFile, { keys: true }, 'options', {}],
  [waiting, { prot: 0 }, 'options', { port: 0 }],
  [waiting, { signal: 'SIGNONE' }, 'signal', { signal: 'SIGUSR2' }],
];

for (const [call, wrong, name, right] of idle) {
  test(`${call.name}: ${JSON.stringify(wrong)} is refused for its ${name}`, async () => {
    await assert.rejects(
      async () => call(wrong as never),
      (error) => {
        assert.ok(error instanceof InvalidArgumentError, String(error));
        assert.ok(error.message.startsWith(`${name} must be `), error.message);
        assert.ok(!error.message.includes('secret'), error.message);
        return true;
      },
    );
    await call(right as never);
  });
}
