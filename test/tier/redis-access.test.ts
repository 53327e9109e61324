/** Who may talk to a Redis, and over what line: users with few rights, and TLS. */

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SharedCache } from '../../src/cache/constructor.ts';
import { type RedisTierOptions, redisTier } from '../../src/tier/redis.ts';
import { freePort } from '../support/free-port.ts';
import { leftOut, RedisServer } from '../support/redis-server.ts';
import { until } from '../support/tiered.ts';

const SECRET = 'a-secret-password';
/** All that the tier asks for, as the error says that names it. */
const RIGHTS = ['+get', '+mget', '+exists', '+getrange', '+set', '+del', '+client', '+ping'];
const noOpenssl =
  spawnSync('openssl', ['version']).status !== 0 && 'left out: openssl is not installed';

/** Sets here, finds there, is told of a change. */
async function works(options: RedisTierOptions): Promise<void> {
  const open = async () => {
    const tier = redisTier(options);
    const cache = new SharedCache<string>({ maxSize: '8MiB', values: 'string', tier });
    await tier.connect();
    return cache;
  };
  const one = await open();
  const two = await open();
  one.set('key', 'old');
  assert.deepEqual(await one.flush(), { written: 1, dropped: 0 });
  assert.equal(await two.getAsync('key'), 'old');
  one.set('key', 'new');
  await one.flush();
  await until(() => two.get('key') !== 'old');
  one.delete('key');
  one.clear();
  await one.flush();
  assert.equal(one.stats().tier?.lastError, undefined);
  for (const cache of [one, two]) cache.close();
}

/** Is refused, says why, and shows no secret. */
async function isRefused(options: RedisTierOptions, message: RegExp): Promise<void> {
  const tier = redisTier(options);
  const error: Error & { code?: string } = await tier.connect().then(
    () => new Error('it was let in'),
    (reason) => reason,
  );
  await tier.close();
  assert.match(error.message, message);
  assert.equal(error.code, 'ERR_PAGELESS_TIER');
  assert.ok(!`${error.message} ${error.stack}`.includes(SECRET));
}

test('a user who may do just what the tier needs is enough', { skip: leftOut }, async () => {
  const user = ['--user', 'tier', 'on', `>${SECRET}`, '~app:*', '-@all', ...RIGHTS];
  const server = await RedisServer.start(user);
  const socket = { path: server.path };
  const account = { socket, username: 'tier', password: SECRET };
  try {
    await works({ keyPrefix: 'app', ...account });
    await isRefused({ keyPrefix: 'other', ...account }, /this user may not do it/);
    const cache = new SharedCache<string>({
      ...{ maxSize: '8MiB', values: 'string' },
      tier: redisTier({ keyPrefix: 'other', ...account }),
    });
    cache.set('key', 'value');
    assert.equal(cache.get('key'), 'value');
    await until(() => cache.stats().tier?.lastError !== undefined);
    assert.ok(!JSON.stringify(cache.stats()).includes(SECRET));
    cache.close();
  } finally {
    await server.stop();
  }
});

test('TLS: with the certificate trusted, not without', { skip: leftOut || noOpenssl }, async () => {
  const server = new RedisServer([]);
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => join(server.folder, name));
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'],
      ...['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key!, '-out', cert!],
    ],
    { stdio: 'ignore' },
  );
  const port = await freePort();
  const files = ['--tls-cert-file', cert!, '--tls-key-file', key!, '--tls-ca-cert-file', cert!];
  const flags = ['--tls-port', `${port}`, '--tls-auth-clients', 'no', '--requirepass', SECRET];
  const tls = await RedisServer.start([...files, ...flags]);
  const url = `rediss://:${SECRET}@127.0.0.1:${port}`;
  try {
    await works({ keyPrefix: 'app', url, socket: { tls: true, ca: readFileSync(cert!) } });
    await isRefused({ keyPrefix: 'app', url }, /certificate is not trusted/);
  } finally {
    await tls.stop();
    await server.stop();
  }
});
