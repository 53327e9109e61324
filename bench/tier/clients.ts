/**
 * What was measured for decision 0072: `node bench/tier/clients.ts [times|gone]`.
 *
 *   times  µs until 100 SETs of 650 bytes are answered, and an MGET of them, mean of a round: the
 *          clients in turn, round by round, on a Unix socket, or by TCP where one has none
 *   gone   ms until a GET fails, and the clients try for as long as they like, once the server is
 *          killed: with their own defaults, and for ours without its queue
 *
 * Those that are not installed are left out: `npm install --no-save --ignore-scripts ioredis@6
 * iovalkey@0.4 @valkey/valkey-glide@2`.
 */

import { once } from 'node:events';
import { createClient } from 'redis';
import { freePort } from '../../test/support/free-port.ts';
import { RedisServer } from '../../test/support/redis-server.ts';

const COUNT = 100;
const VALUE: string = 'x'.repeat(650);
/** Of each in a round. */
const TIMES = 30;
const ROUNDS = 9;
const WARM_UP = 3;
/** After so long a client counts as one that never says that the server is gone. */
const GIVE_UP_MS = 90_000;

interface Client {
  set(key: string, value: string): Promise<unknown>;
  get(key: string): Promise<unknown>;
  mget(keys: string[]): Promise<unknown[]>;
  end(): void;
}

interface Place {
  readonly path: string;
  readonly port: number;
}

/** Of a package that need not be there: its types are not. */
// biome-ignore lint/suspicious/noExplicitAny: nothing is known of it
const load = async (name: string): Promise<any> => await import(name);

async function nodeRedis({ path }: Place): Promise<Client> {
  const client = createClient({ socket: { path, tls: false }, disableOfflineQueue: true });
  client.on('error', () => undefined);
  await client.connect();
  return {
    set: (key, value) => client.set(key, value),
    get: (key) => client.get(key),
    mget: (keys) => client.mGet(keys),
    end: () => client.destroy(),
  };
}

/** ioredis, and what was made of it. */
async function ioredis(name: string, { path }: Place): Promise<Client> {
  const { Redis } = await load(name);
  const client = new Redis({ path });
  client.on('error', () => undefined);
  await once(client, 'ready');
  return {
    set: (key, value) => client.set(key, value),
    get: (key) => client.get(key),
    mget: (keys) => client.mget(keys),
    end: () => client.disconnect(),
  };
}

async function glide({ port }: Place): Promise<Client> {
  const { GlideClient } = await load('@valkey/valkey-glide');
  const client = await GlideClient.createClient({ addresses: [{ host: '127.0.0.1', port }] });
  return {
    set: (key, value) => client.set(key, value),
    get: (key) => client.get(key),
    mget: (keys) => client.mget(keys),
    end: () => client.close(),
  };
}

const makers: [name: string, make: (place: Place) => Promise<Client>][] = [
  ['node-redis', nodeRedis],
  ['ioredis', (place) => ioredis('ioredis', place)],
  ['iovalkey', (place) => ioredis('iovalkey', place)],
  ['valkey-glide', glide],
];

/** Those that are installed. */
async function connectAll(place: Place): Promise<[name: string, client: Client][]> {
  const clients: [string, Client][] = [];
  for (const [name, make] of makers) {
    try {
      clients.push([name, await make(place)]);
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_MODULE_NOT_FOUND') throw error;
      console.log(`  ${name}: left out, it is not installed`);
    }
  }
  return clients;
}

async function usOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < TIMES; i++) await work();
  return ((performance.now() - start) * 1000) / TIMES;
}

const keys: string[] = Array.from({ length: COUNT }, (_, i) => `key:${i}`);

async function times(place: Place): Promise<void> {
  console.log(`µs: ${COUNT} SETs, median; MGET of ${COUNT}, median and least of ${ROUNDS} rounds`);
  const clients = await connectAll(place);
  const figures = clients.map((): [sets: number[], mgets: number[]] => [[], []]);
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    for (const [i, [, client]] of clients.entries()) {
      const sets = await usOf(() => Promise.all(keys.map((key) => client.set(key, VALUE))));
      const mget = await usOf(() => client.mget(keys));
      if (round < 0) continue;
      figures[i]![0].push(sets);
      figures[i]![1].push(mget);
    }
  }
  for (const [i, [name, client]] of clients.entries()) {
    const [sets, mgets] = figures[i]!.map((row) => row.sort((a, b) => a - b));
    const [median, least] = [ROUNDS >> 1, 0];
    const shown = [sets![median]!, mgets![median]!, mgets![least]!].map((us) => us.toFixed(0));
    console.log(`  ${name}: ${shown.join(', ')}`);
    client.end();
  }
}

async function gone(place: Place, server: RedisServer): Promise<void> {
  console.log('ms until a GET fails when the server was killed');
  const clients = await connectAll(place);
  await server.kill();
  const started = performance.now();
  const late = new Promise<string>((resolve) => {
    setTimeout(() => resolve(`not within ${GIVE_UP_MS}`), GIVE_UP_MS).unref();
  });
  const failed = clients.map(async ([name, client]) => {
    const how = await Promise.race([
      client.get('key:0').then(
        () => 'answered',
        () => (performance.now() - started).toFixed(0),
      ),
      late,
    ]);
    console.log(`  ${name}: ${how}`);
    client.end();
  });
  await Promise.all(failed);
}

const [, , what = 'all'] = process.argv;
const port = await freePort();
const server = await RedisServer.start(['--port', `${port}`]);
try {
  const place = { path: server.path, port };
  if (what !== 'gone') await times(place);
  if (what !== 'times') await gone(place, server);
} finally {
  await server.stop();
}
