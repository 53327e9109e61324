/**
 * A Redis that is there and does not do what it is asked: a replica, one that loads, one that cuts
 * connections, takes rights away, or holds somebody else's values under our keys.
 */
import assert from 'node:assert/strict';
import { FRAME_VERSION } from '../../src/tier/frame.ts';
import { type Cache, faultTest, isArmed, staysUseful } from '../support/faulty-redis.ts';
import { until } from '../support/tiered.ts';

const errorOf = (cache: Cache) => cache.stats().tier?.lastError ?? '';
const EPOCH = 'test:epoch';

faultTest(
  'CLIENT KILL, again and again: nothing that is set is lost, nothing old is believed',
  [],
  async (server, open) => {
    // While it is not told it believes for so long.
    const [one, two] = [open({ timeoutMs: 2000 }), open({ timeoutMs: 2000, maxStaleMs: 200 })];
    await until(() => isArmed(one)() && isArmed(two)());
    const client = await server.client();
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 50; i++) one.set(`key:${i}`, `${round}`);
      const flushed = one.flush();
      await client.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
      await flushed;
      await until(() => isArmed(one)() && isArmed(two)());
      const keys = Array.from({ length: 50 }, (_, i) => `key:${i}`);
      const seen = () => two.getManyAsync(keys);
      while (!(await seen()).every((value) => value === `${round}`)) await staysUseful(two);
    }
    assert.equal(one.stats().tier?.dropped, 0);
  },
);

faultTest(
  'a primary that becomes a replica is read, takes no writes, and all is sent when it is one again',
  ['--replica-read-only', 'yes'],
  async (server, open) => {
    const cache = open({ timeoutMs: 2000 });
    await until(isArmed(cache));
    cache.set('key', 'old');
    await cache.flush();
    const client = await server.client();
    await client.sendCommand(['REPLICAOF', '127.0.0.1', '1']);
    cache.set('key', 'new');
    cache.delete('gone');
    await until(() => cache.stats().tier?.breaker !== 'closed');
    assert.match(errorOf(cache), /is a replica and takes no writes/);
    assert.equal(cache.get('key'), 'new');
    const reader = open({ timeoutMs: 2000 });
    await until(isArmed(reader));
    assert.equal(await reader.getAsync('key'), 'old', 'it is the tier’s');
    await client.sendCommand(['REPLICAOF', 'NO', 'ONE']);
    assert.deepEqual((await cache.flush()).dropped, 0);
    await until(() => reader.get('key') !== 'old');
    assert.equal(await reader.getAsync('key'), 'new');
  },
);

/** What keeps the tier from beginning, and how it is taken away again: without a new connection. */
const hindrances: [what: string, flags: string[], begin: string[][], end: string[][], RegExp][] = [
  [
    'an empty replica',
    [],
    [['REPLICAOF', '127.0.0.1', '1']],
    [['REPLICAOF', 'NO', 'ONE']],
    /is a replica/,
  ],
  [
    'a full server',
    ['--maxmemory-policy', 'noeviction'],
    [['CONFIG', 'SET', 'maxmemory', '1']],
    [['CONFIG', 'SET', 'maxmemory', '0']],
    /no room/,
  ],
  [
    'somebody’s list under the epoch’s key',
    [],
    [['RPUSH', EPOCH, 'theirs']],
    [['DEL', EPOCH]],
    /somebody else has a value/,
  ],
  [
    'rights that are missing',
    [],
    [['ACL', 'SETUSER', 'default', '-get']],
    [['ACL', 'SETUSER', 'default', '+get']],
    /this user may not do it/,
  ],
];
for (const [what, flags, begin, end, message] of hindrances) {
  for (const isLater of [false, true]) {
    const when = isLater ? 'while it is connected' : 'at first';
    faultTest(
      `${what}, ${when}: said, and left behind when it is over`,
      flags,
      async (server, open) => {
        const client = await server.client();
        const early = isLater ? open({ timeoutMs: 2000 }) : undefined;
        if (early) {
          await until(isArmed(early));
          early.set('key', 'old');
          await early.flush();
        }
        await client.sendCommand(['FLUSHALL']);
        for (const command of begin) await client.sendCommand(command);
        const cache = early ?? open({ timeoutMs: 2000 });
        await until(() => message.test(errorOf(cache)));
        await staysUseful(cache);
        cache.set('key', 'value');
        for (const command of end) await client.sendCommand(command);
        await until(isArmed(cache));
        await cache.flush();
        const other = open({ timeoutMs: 2000 });
        await until(isArmed(other));
        assert.equal(await other.getAsync('key'), 'value');
      },
    );
  }
}

faultTest(
  'a node of a cluster is said to be one, with and without the slots of our keys',
  ['--cluster-enabled', 'yes'],
  async (server, open) => {
    const cache = open({ timeoutMs: 2000 });
    await until(() => /Redis Cluster/.test(errorOf(cache)));
    await staysUseful(cache);
    const client = await server.client();
    await client.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', '0', '16383']);
    await until(isArmed(cache));
    cache.setMany(Array.from({ length: 20 }, (_, i) => [`key:${i}`, 'value'] as const));
    await until(() => cache.stats().tier!.breaker !== 'closed');
    assert.match(errorOf(cache), /Redis Cluster/);
    await staysUseful(cache);
  },
);

faultTest(
  'a server that loads what it has is waited for',
  // So many microseconds a key: half a second.
  ['--key-load-delay', '1000', '--loading-process-events-interval-bytes', '1024'],
  async (server, open) => {
    const cache = open({ timeoutMs: 2000 });
    await until(isArmed(cache));
    for (let i = 0; i < 500; i++) cache.set(`key:${i}`, 'value'.padEnd(100));
    await cache.flush();
    const client = await server.client();
    await client.sendCommand(['SAVE']);
    await server.kill();
    cache.set('key:0', 'new');
    await server.start();
    await until(() => /is still loading/.test(errorOf(cache)));
    await staysUseful(cache);
    await until(isArmed(cache));
    await cache.flush();
    const other = open({ timeoutMs: 2000 });
    await until(isArmed(other));
    assert.equal(await other.getAsync('key:0'), 'new');
    assert.equal(await other.getAsync('key:1'), 'value'.padEnd(100));
  },
);

faultTest(
  'somebody else’s values under our keys are misses, and written over',
  [],
  async (server, open) => {
    const cache = open({ timeoutMs: 2000 });
    await until(isArmed(cache));
    const client = await server.client();
    const epoch = await client.get(EPOCH);
    const wire = (key: string) => `test:${FRAME_VERSION}:${epoch}:${key}`;
    await client.set(wire('text'), 'theirs');
    await client.set(wire('empty'), '');
    await client.set(wire('long'), 'x'.repeat(100_000));
    await client.rPush(wire('list'), 'theirs');
    await client.hSet(wire('hash'), 'a', 'b');
    const keys = ['text', 'empty', 'long', 'list', 'hash'];
    assert.ok((await cache.getManyAsync(keys)).every((value) => value === undefined));
    assert.equal(cache.stats().tier?.foreign, 3);
    for (const key of keys) cache.set(key, 'ours');
    assert.deepEqual(await cache.flush(), { written: 5, dropped: 0 });
    const other = open({ timeoutMs: 2000 });
    await until(isArmed(other));
    assert.ok((await other.getManyAsync(keys)).every((value) => value === 'ours'));
    assert.ok(cache.stats().tier?.breaker === 'closed' && cache.stats().tier?.errors === 0);
  },
);
