/** The rows of suite `tier` that need a redis-server. */

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { createClient, RESP_TYPES } from 'redis';
import { type Bytes, SharedCache } from '../../src/index.ts';
import { redisTier } from '../../src/tier/redis.ts';
import { numbersFrom } from '../../test/support/numbers.ts';
import { leftOut, RedisServer } from '../../test/support/redis-server.ts';
import { keyOf, valuePool } from '../cache/values.ts';
import { nsOf } from '../crew.ts';
import { pinThread, type Result, type SuiteOptions } from '../suite.ts';
import { manyOf, usUntil, writeManyRows } from './many.ts';
import { pairRow } from './pairs.ts';

const ROUNDS = 15;
const HOT_KEYS = 10_000;
/** Short and many: the difference is a look at a clock, less than what a machine does beside. */
const HOT_ROUNDS = 600;
const HOT_MS = 2;
/** Keys of one question, and questions of a round. */
const MANY = 100;
const QUESTIONS = 100;
/** Rounds of those rows, for one: the collector's share differs from round to round. */
const BEHIND_ROUNDS = 3;
/** Sets between two turns of the event loop: a request's worth. */
const SETS = 100;
const THREADS = 8;
/** So long the server answers nobody while the threads ask. */
const PAUSE_MS = 100;

interface Bench {
  readonly server: RedisServer;
  readonly isTiny: boolean;
  readonly rounds: number;
  readonly pool: Bytes[];
}

const stages: [rows: string[], run: (bench: Bench) => Promise<Result[]>][] = [
  [['hot-get', 'hot-get-ttl'], hotGet],
  [['get-many-100', 'get-many-100-mget'], getMany],
  [['get-or-set-8t'], getOrSet],
  [['write-behind-set', 'write-behind-all'], writeBehind],
  [['set-many-100', 'delete-many-100', 'set-many-100-sets'], writeMany],
];

export async function redisRows({ isTiny, rows, leaveOut }: SuiteOptions): Promise<Result[]> {
  const asked = stages.filter(([names]) => names.some((name) => rows?.test(name) ?? true));
  if (asked.length === 0) return [];
  if (leftOut) {
    for (const name of asked.flatMap(([names]) => names)) leaveOut(name, 'redis-server');
    return [];
  }
  const server = await RedisServer.start();
  // Only now: a process has the CPUs of the thread that starts it.
  pinThread(0);
  const pool = valuePool('json').map((value) => new Uint8Array(value));
  const results: Result[] = [];
  try {
    for (const [, run] of asked) {
      results.push(...(await run({ server, isTiny, rounds: isTiny ? 1 : ROUNDS, pool })));
    }
  } finally {
    await server.stop();
  }
  return results;
}

function openTiered(server: RedisServer, keyPrefix: string, writes: 'through' | 'behind') {
  const socket = { path: server.path };
  const tier = redisTier({ keyPrefix, socket, writes, maxQueue: '64MiB', timeoutMs: 5000 });
  return { cache: new SharedCache({ maxSize: '64MiB', tier }), tier };
}

async function hotGet({ server, isTiny, pool }: Bench): Promise<Result[]> {
  const { cache, tier } = openTiered(server, 'hot', 'through');
  await tier.connect();
  const plain = new SharedCache({ maxSize: '64MiB' });
  const timed = new SharedCache({ maxSize: '64MiB', ttl: 60_000 });
  const all = [cache, plain, timed];
  for (const one of all) {
    for (let id = 0; id < HOT_KEYS; id++) one.set(keyOf(id), pool[id % pool.length]!);
  }
  await cache.flush();
  const timeOf = (one: SharedCache) => {
    const random = numbersFrom(5);
    return () =>
      nsOf(MANY, isTiny ? 1 : HOT_MS, () => {
        for (let i = 0; i < MANY; i++) one.get(keyOf(random(HOT_KEYS)));
      });
  };
  const results: Result[] = [];
  for (const [name, peer, other] of [
    ['hot-get', 'no tier', plain],
    ['hot-get-ttl', 'no tier, ttl', timed],
  ] as const) {
    const pair = { name, unit: 'ns', peer, ours: timeOf(cache), theirs: timeOf(other) };
    results.push(await pairRow(isTiny ? 1 : HOT_ROUNDS, pair));
  }
  if (cache.size !== HOT_KEYS) throw new Error(`${cache.size} entries are left`);
  for (const one of all) one.close();
  return results;
}

/** Answers all questions one after the other. @returns µs of one */
async function usOf(
  questions: string[][],
  ask: (keys: string[]) => Promise<unknown[]>,
): Promise<number> {
  const start = performance.now();
  for (const keys of questions) {
    const values = await ask(keys);
    if (values.length !== MANY || values.some((value) => value == null)) throw new Error('lost');
  }
  return ((performance.now() - start) * 1000) / questions.length;
}

/** A client that has the same values under keys of its own. */
async function bareClient(server: RedisServer, keys: string[], pool: Bytes[]) {
  const client = createClient({
    socket: { path: server.path, tls: false },
    commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
  });
  await client.connect();
  for (const [id, key] of keys.entries()) {
    await client.set(`bare:${key}`, Buffer.from(pool[id % pool.length]!));
  }
  return client;
}

async function getMany({ server, isTiny, rounds, pool }: Bench): Promise<Result[]> {
  const questions = Array.from({ length: isTiny ? 2 : QUESTIONS }, (_, q) =>
    Array.from({ length: MANY }, (_, i) => keyOf(q * MANY + i)),
  );
  const { cache, tier } = openTiered(server, 'many', 'through');
  await tier.connect();
  for (const [id, key] of questions.flat().entries()) cache.set(key, pool[id % pool.length]!);
  await cache.flush();
  const client = await bareClient(server, questions.flat(), pool);
  // What it forgets the server keeps.
  const local = SharedCache.attach(cache.handle, { tier: false });
  const ours = () => {
    local.clear();
    return usOf(questions, (keys) => cache.getManyAsync(keys));
  };
  const wire = (keys: string[]) => keys.map((key) => `bare:${key}`);
  const peers: [name: string, peer: string, ask: (keys: string[]) => Promise<unknown[]>][] = [
    ['get-many-100', 'GETs', (keys) => Promise.all(wire(keys).map((key) => client.get(key)))],
    ['get-many-100-mget', 'MGET', (keys) => client.mGet(wire(keys))],
  ];
  const results: Result[] = [];
  for (const [name, peer, ask] of peers) {
    const pair = { name, unit: 'µs', peer, ours, theirs: () => usOf(questions, ask) };
    results.push(await pairRow(rounds, pair));
  }
  client.destroy();
  for (const one of [local, cache]) one.close();
  return results;
}

async function getOrSet({ server, isTiny, pool }: Bench): Promise<Result[]> {
  const { cache, tier } = openTiered(server, 'one', 'through');
  await tier.connect();
  const client = await server.client();
  const workers = Array.from({ length: isTiny ? 2 : THREADS }, () => {
    const workerData = { handle: cache.handle, path: server.path };
    return new Worker(new URL('./asker.ts', import.meta.url), { workerData });
  });
  const all = (event: string) => Promise.all(workers.map((worker) => once(worker, event)));
  await all('message');
  let most = 0;
  for (let round = 0; round < (isTiny ? 1 : ROUNDS); round++) {
    const key = keyOf(round);
    const { cache: writer } = openTiered(server, 'one', 'through');
    writer.set(key, pool[round]!);
    await writer.flush();
    writer.close();
    await client.configResetStat();
    await client.clientPause(PAUSE_MS, 'ALL');
    const answers = all('message');
    for (const worker of workers) worker.postMessage(key);
    await answers;
    const asked = /cmdstat_mget:calls=(\d+)/.exec(await client.info('commandstats'))?.[1];
    most = Math.max(most, Number(asked ?? 0));
  }
  await Promise.all(workers.map((worker) => worker.terminate()));
  client.destroy();
  cache.close();
  return [{ name: 'get-or-set-8t', value: most, unit: 'questions' }];
}

async function writeBehind({ server, isTiny, rounds, pool }: Bench): Promise<Result[]> {
  const { cache, tier } = openTiered(server, 'behind', 'behind');
  await tier.connect();
  const plain = new SharedCache({ maxSize: '64MiB' });
  const turns = isTiny ? 2 : HOT_KEYS / SETS;
  /** ns of processor time of a set; ns of it with all that follows from it. */
  const timesOf = async (one: SharedCache) => {
    let calls = 0;
    const start = performance.now();
    for (let turn = 0; turn < turns; turn++) {
      const begun = process.threadCpuUsage();
      for (let i = 0; i < SETS; i++) {
        one.set(keyOf(turn * SETS + i), pool[(turn + i) % pool.length]!);
      }
      const { user, system } = process.threadCpuUsage(begun);
      calls += user + system;
      await new Promise(setImmediate);
    }
    await one.flush();
    const sets = turns * SETS;
    return { set: (calls * 1e3) / sets, all: ((performance.now() - start) * 1e6) / sets };
  };
  const results: Result[] = [];
  for (const part of ['set', 'all'] as const) {
    const timeOf = (one: SharedCache) => async () => (await timesOf(one))[part];
    const pair = { name: `write-behind-${part}`, unit: 'ns', peer: 'no tier' };
    const sides = { ours: timeOf(cache), theirs: timeOf(plain) };
    results.push(await pairRow(BEHIND_ROUNDS * rounds, { ...pair, ...sides }));
  }
  for (const one of [cache, plain]) one.close();
  return results;
}

async function writeMany({ server, rounds, pool }: Bench): Promise<Result[]> {
  const { cache, tier } = openTiered(server, 'write', 'through');
  await tier.connect();
  const results = await writeManyRows(cache, pool, rounds);
  const entries = manyOf(pool);
  const client = await bareClient(server, [], pool);
  const ours = async () => {
    cache.setMany(entries);
    await cache.flush();
  };
  const theirs = () =>
    Promise.all(entries.map(([key, value]) => client.set(`bare:${key}`, Buffer.from(value))));
  const pair = { name: 'set-many-100-sets', unit: 'µs', peer: 'SETs' };
  results.push(
    await pairRow(rounds, { ...pair, ours: () => usUntil(ours), theirs: () => usUntil(theirs) }),
  );
  client.destroy();
  cache.close();
  return results;
}
