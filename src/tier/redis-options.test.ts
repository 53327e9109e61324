/** What is no Redis is refused, and no secret is told. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TierError } from '../errors.ts';
import { redisTier } from './redis.ts';
import { redisError } from './redis-error.ts';

const code = 'ERR_PAGELESS_INVALID_ARGUMENT';
const make = (options: object) => () => redisTier({ keyPrefix: 'app', ...options });

test('a URL that cannot be parsed, and other wrong options, are typed errors', () => {
  const wrong = ['', 'localhost:6379', 'http://localhost', 'redis//x', 5, null];
  for (const url of wrong) assert.throws(make({ url }), { code }, String(url));
  for (const keyPrefix of ['', 'app:*', 'a b', 'app\n', '{app}', 'x'.repeat(101), undefined, 5]) {
    const message = /keyPrefix must be 1 to 100 letters/;
    assert.throws(make({ keyPrefix }), { code, message }, String(keyPrefix));
  }
  for (const options of [
    { database: -1 },
    { maxAgeMs: 0 },
    { maxStaleMs: -1 },
    { socket: 5 },
    { username: 5 },
    { host: 'localhost' },
  ]) {
    assert.throws(make(options), { code }, JSON.stringify(options));
  }
});

test('no error shows a password', () => {
  const secret = 'hunter2-hunter2';
  for (const options of [
    { url: `http://user:${secret}@localhost` },
    { url: `redis:/:/${secret}` },
    { password: { secret } },
  ]) {
    assert.throws(make(options), (error: Error) => !error.message.includes('hunter2'));
  }
  const url = `redis://someone:${encodeURIComponent('p/ss')}@cache.example:7000/1`;
  const connection = { url, socket: {}, username: 'other', password: secret };
  const error = redisError(
    new Error(`ERR ${url} ${secret} other someone p/ss cache.example:7000`),
    connection,
  );
  for (const part of ['someone', 'p/ss', 'p%2Fss', secret, 'cache.example', 'other']) {
    assert.ok(!error.message.includes(part), `${part} in ${error.message}`);
  }
});

test('what goes wrong is said with what to do', () => {
  const connection = { socket: {} };
  for (const [seen, said] of [
    ['NOAUTH Authentication required.', /give `password`/],
    ['NOAUTH HELLO must be called with the client already authenticated', /give `password`/],
    ['WRONGPASS invalid username-password pair or user is disabled.', /refuses this user/],
    ["NOPERM User x has no permissions to run the 'get' command", /needs GET/],
    ['LOADING Redis is loading the dataset in memory', /loading/],
    ['READONLY You can’t write against a read only replica.', /replica/],
  ] as const) {
    const error = redisError(new Error(seen), connection);
    assert.ok(error instanceof TierError);
    assert.equal(error.code, 'ERR_PAGELESS_TIER');
    assert.equal(error.tier, 'redis');
    assert.match(error.message, said);
  }
  const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
  assert.match(redisError(refused, connection).message, /cannot be reached \(ECONNREFUSED\)/);
});
