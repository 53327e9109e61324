/**
 * What happens to a Redis: killed and started again, paused, stopped, cut off, slow, full, asking
 * for a password, forgetting what it tracks. The cache answers all the while, and comes back by
 * itself.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FRAME_VERSION } from '../../src/tier/frame.ts';
import { redisTier } from '../../src/tier/redis.ts';
import { channelOf, faultTest, isArmed, staysUseful } from '../support/faulty-redis.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { until } from '../support/tiered.ts';

faultTest(
  'SIGKILL and a new start: what was told while it was away is not believed',
  [],
  async (server, open) => {
    const one = open({ timeoutMs: 2000 });
    const two = open({ timeoutMs: 2000 });
    await until(() => isArmed(one)() && isArmed(two)());
    one.set('key', 'old');
    await one.flush();
    assert.equal(await two.getAsync('key'), 'old');
    for (let round = 0; round < 2; round++) {
      await server.kill();
      await until(() => channelOf(one) === 'lost' && channelOf(two) === 'lost');
      await staysUseful(one);
      one.set('key', `new ${round}`);
      await server.start();
      await until(() => isArmed(one)() && isArmed(two)());
      await one.flush();
      two.delete('other');
      await two.flush();
      await until(() => two.get('key') !== 'old' || two.getRemainingTTL('key') < 60_000);
      assert.equal(await one.getAsync('key'), `new ${round}`);
      const third = open({ timeoutMs: 10_000 });
      await until(isArmed(third));
      assert.equal(await third.getAsync('key'), `new ${round}`, 'it was written when it was back');
    }
  },
);

faultTest(
  'CLIENT PAUSE and SIGSTOP: calls time out, the breaker opens, and closes',
  [],
  async (server, open) => {
    const cache = open({ timeoutMs: 20 });
    await until(isArmed(cache));
    const stop = async (halt: () => unknown, goOn: () => unknown) => {
      await halt();
      for (let i = 0; i < 5; i++) await staysUseful(cache);
      await until(() => cache.stats().tier?.breaker !== 'closed');
      assert.match(cache.stats().tier!.lastError!, /no answer within 20 ms/);
      await goOn();
      await until(() => cache.stats().tier?.breaker === 'closed');
      cache.set('after', 'value');
      await cache.flush();
      assert.equal(cache.stats().tier?.queue.entries, 0);
    };
    await stop(
      () => server.signal('SIGSTOP'),
      () => server.signal('SIGCONT'),
    );
    const client = await server.client();
    await stop(
      () => client.sendCommand(['CLIENT', 'PAUSE', '300', 'ALL']),
      () => sleep(300),
    );
    client.destroy();
  },
);

const lines: Line[] = [];
afterEach(() => {
  for (const line of lines.splice(0)) line.close();
});

/** Stands between a cache and its server; may cut the line, or be slow. */
class Line {
  readonly path: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Bytes of an answer after which the line is cut. */
  cutAfter: number = Number.POSITIVE_INFINITY;
  /** Answers go on when it is resolved. */
  held: Promise<void> | undefined;

  constructor(server: RedisServer) {
    this.path = join(server.folder, 'line.sock');
    this.#server = createServer((near) => {
      const far = dial(server.path);
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on('error', () => undefined).on('close', () => this.#end(near, far));
      }
      near.on('data', (bytes) => far.write(bytes));
      far.on('data', (bytes: Buffer) => void this.#answer(near, bytes));
    });
  }

  async listen(): Promise<this> {
    lines.push(this);
    await new Promise<void>((resolve) => {
      this.#server.listen(this.path, resolve);
    });
    return this;
  }

  async #answer(near: Socket, bytes: Buffer): Promise<void> {
    await this.held;
    const part = bytes.subarray(0, this.cutAfter);
    this.cutAfter -= part.length;
    near.write(part);
    if (this.cutAfter === 0) near.destroySoon();
  }

  #end(...sockets: Socket[]): void {
    for (const socket of sockets) {
      socket.destroy();
      this.#sockets.delete(socket);
    }
  }

  close(): void {
    this.#server.close();
    this.#end(...this.#sockets);
  }
}

faultTest(
  'a line that is cut in the middle of answers loses none of what is set',
  [],
  async (server, open) => {
    const line = await new Line(server).listen();
    const cache = open({ socket: { path: line.path } });
    await until(isArmed(cache));
    for (const cutAfter of [1, 7, 100, 1000]) {
      for (let i = 0; i < 100; i++) cache.set(`key:${i}`, `${cutAfter} ${i}`);
      line.cutAfter = cutAfter;
      const asked = cache.getManyAsync(Array.from({ length: 50 }, (_, i) => `absent:${i}`));
      assert.ok((await asked).every((value) => value === undefined));
      await until(() => channelOf(cache) === 'lost');
      line.cutAfter = Number.POSITIVE_INFINITY;
      await until(isArmed(cache));
      await cache.flush();
      const other = open({ timeoutMs: 10_000 });
      await until(isArmed(other));
      for (let i = 0; i < 100; i++) {
        assert.equal(await other.getAsync(`key:${i}`), `${cutAfter} ${i}`);
      }
    }
    assert.equal(cache.stats().tier?.dropped, 0);
  },
);

faultTest(
  'slow answers are waited for up to timeoutMs, and a local hit never',
  [],
  async (server, open) => {
    const line = await new Line(server).listen();
    const patient = open({ socket: { path: line.path }, timeoutMs: 60_000 });
    const hasty = open({ socket: { path: line.path }, timeoutMs: 50 });
    const other = open({ timeoutMs: 60_000 });
    await until(() => [patient, hasty, other].every((cache) => isArmed(cache)()));
    other.set('key', 'value');
    await other.flush();
    let release = () => {};
    line.held = new Promise((resolve) => {
      release = resolve;
    });
    let isAnswered = false;
    const asked = patient.getAsync('key').finally(() => {
      isAnswered = true;
    });
    patient.set('here', 'value');
    assert.equal(await hasty.getAsync('key'), undefined);
    assert.ok(hasty.stats().tier!.timeouts > 0);
    assert.equal(patient.get('here'), 'value');
    assert.ok(!isAnswered);
    release();
    assert.equal(await asked, 'value');
    await patient.flush();
    await until(() => hasty.stats().tier!.breaker === 'closed');
    while ((await hasty.getAsync('here')) !== 'value') await sleep(1);
  },
);

faultTest(
  'a full server refuses; it still answers and forgets what it is told to',
  ['--maxmemory', '3mb', '--maxmemory-policy', 'noeviction'],
  async (_server, open) => {
    const cache = open({ timeoutMs: 10_000 });
    await until(isArmed(cache));
    cache.set('first', 'small');
    await cache.flush();
    const noise = () => randomBytes(1500).toString('base64');
    for (let i = 0; i < 1200; i++) cache.set(`key:${i}`, noise());
    await cache.flush();
    const { refusals, breaker, errors } = cache.stats().tier!;
    assert.ok(refusals > 0);
    assert.deepEqual([breaker, errors], ['closed', 0]);
    const other = open({ timeoutMs: 10_000 });
    await until(isArmed(other));
    const large = noise();
    cache.set('first', large);
    const { dropped } = await cache.flush();
    assert.ok([large, undefined].includes(await other.getAsync('first')), `${dropped}`);
    cache.delete('first');
    await cache.flush();
    await until(() => other.get('first') === undefined);
    assert.equal(await other.getAsync('first'), undefined);
  },
);

faultTest(
  'a server that forgets what it tracks tells so',
  ['--tracking-table-max-keys', '10'],
  async (_server, open) => {
    const one = open({ timeoutMs: 10_000 });
    const two = open({ timeoutMs: 10_000 });
    await until(() => isArmed(one)() && isArmed(two)());
    const keys = Array.from({ length: 200 }, (_, i) => `key:${i}`);
    for (const key of keys) one.set(key, 'old');
    await one.flush();
    assert.ok((await two.getManyAsync(keys)).every((value) => value === 'old'));
    await until(() => two.getMany(keys).filter((value) => value !== undefined).length <= 20);
    for (const key of keys) one.set(key, 'new');
    await one.flush();
    await until(() => two.getMany(keys).every((value) => value !== 'old'));
    assert.ok((await two.getManyAsync(keys)).every((value) => value === 'new'));
  },
);

faultTest(
  'a password that is asked for, or wrong, is said so, and not shown',
  ['--requirepass', 'right-password'],
  async (server, open) => {
    const socket = { path: server.path };
    const wrong = { password: 'wrong-password', username: 'default' };
    for (const [options, message] of [
      [{}, /asks for a password: give `password`/],
      [wrong, /refuses this user name and password/],
    ] as const) {
      const tier = redisTier({ keyPrefix: 'test', socket, ...options });
      await assert.rejects(tier.connect(), (error: Error & { code: string }) => {
        assert.match(error.message, message);
        assert.equal(error.code, 'ERR_PAGELESS_TIER');
        assert.doesNotMatch(`${error.message} ${error.stack}`, /-password/);
        return true;
      });
      await tier.close();
      const cache = open(options);
      await staysUseful(cache);
      await until(() => cache.stats().tier?.lastError !== undefined);
      assert.doesNotMatch(JSON.stringify(cache.stats()), /-password/);
    }
    const right = open({ password: 'right-password' });
    await until(isArmed(right));
    right.set('key', 'value');
    assert.deepEqual(await right.flush(), { written: 1, dropped: 0 });
  },
);

faultTest(
  'a server that is not there is said so, and found when it comes',
  [],
  async (server, open) => {
    await server.kill();
    const tier = redisTier({ keyPrefix: 'test', socket: { path: server.path } });
    await assert.rejects(tier.connect(), /cannot be reached/);
    await tier.close();
    const cache = open();
    await staysUseful(cache);
    cache.set('key', 'value');
    await server.start();
    await until(isArmed(cache));
    await cache.flush();
    const client = await server.client();
    assert.equal((await client.keys(`test:${FRAME_VERSION}:*:key`)).length, 1);
    client.destroy();
  },
);
