/**
 * What was measured for decisions 0071 and 0073: `node bench/tier/choices.ts [belief|connections]`.
 *
 *   belief       a reader of 1,000 keys at random, beside a process that writes to the same folder:
 *                entries are believed for a time, or until LMDB's transaction id has moved
 *   connections  threads that ask Redis for keys: each by a connection of its own, or all by way of
 *                the main thread
 *
 * Of both: µs of a read, or of a question. Redis holds values of 650 bytes, on a Unix socket.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort, Worker, workerData } from 'node:worker_threads';
import { open } from 'lmdb';
import { createClient, RESP_TYPES } from 'redis';
import { SharedCache } from '../../src/index.ts';
import { lmdbTier } from '../../src/tier/lmdb.ts';
import { numbersFrom } from '../../test/support/numbers.ts';
import { RedisServer } from '../../test/support/redis-server.ts';
import { keyOf, valuePool } from '../cache/values.ts';

const KEYS = 1000;
const FOR_EVER_MS = 2 ** 31 - 1;
const READ_MS = 5000;
/** Reads between two turns of the event loop. */
const READS = 200;
const ROUNDS = 7;
const ROUND_MS = 80;
const self = fileURLToPath(import.meta.url);

function openTiered(path: string, maxStaleMs: number): SharedCache {
  return new SharedCache({ maxSize: '16MiB', tier: lmdbTier({ path, maxStaleMs }) });
}

/** In a process of its own: sets a key so many times a second, until it is killed. */
async function writeOn(path: string, perSecond: number): Promise<void> {
  const cache = openTiered(path, FOR_EVER_MS);
  const [pool, random] = [valuePool('json'), numbersFrom(3)];
  for (let id = 0; id < KEYS; id++) cache.set(keyOf(id), pool[id]!);
  await cache.flush();
  process.send!('ready');
  for (let i = 0; ; i++) {
    cache.set(keyOf(random(KEYS)), pool[i % pool.length]!);
    await sleep(1000 / perSecond);
  }
}

/** Looks at the id each `everyMs`, and forgets everything when it has moved. */
function watchId(path: string, cache: SharedCache, everyMs: number): () => void {
  const environment = open({ path });
  const local = SharedCache.attach(cache.handle, { tier: false });
  let [seen, next] = [0, 0];
  return () => {
    if (performance.now() < next) return;
    next = performance.now() + everyMs;
    environment.resetReadTxn();
    const { lastTxnId } = environment.getStats() as { lastTxnId: number };
    if (lastTxnId !== seen) local.clear();
    seen = lastTxnId;
  };
}

async function read(path: string, maxStaleMs: number, idMs?: number): Promise<string> {
  const cache = openTiered(path, maxStaleMs);
  const look = idMs === undefined ? () => {} : watchId(path, cache, idMs);
  const random = numbersFrom(7);
  let [hits, reads] = [0, 0];
  const start = performance.now();
  while (performance.now() - start < READ_MS) {
    for (let i = 0; i < READS; i++) {
      const key = keyOf(random(KEYS));
      look();
      if (cache.get(key) !== undefined) hits++;
      else await cache.getAsync(key);
    }
    reads += READS;
    await sleep(0);
  }
  const us = ((performance.now() - start) * 1000) / reads;
  cache.close();
  return `${((100 * hits) / reads).toFixed(1)} %, ${us.toFixed(1)} µs`;
}

async function belief(): Promise<void> {
  for (const perSecond of [10, 200]) {
    const path = mkdtempSync(join(tmpdir(), 'pageless-choices-'));
    const writer: ChildProcess = fork(self, ['write', path, `${perSecond}`]);
    await once(writer, 'message');
    console.log(`${perSecond} writes/s: hits here, a read`);
    console.log('  believed for 1 s         ', await read(path, 1000));
    console.log('  believed for 10 s        ', await read(path, 10_000));
    console.log('  id looked at each 50 ms  ', await read(path, FOR_EVER_MS, 50));
    console.log('  id looked at each 5 ms   ', await read(path, FOR_EVER_MS, 5));
    writer.kill('SIGKILL');
    rmSync(path, { recursive: true, force: true });
  }
}

type Ask = (keys: string[]) => Promise<unknown[]>;

async function connect(path: string): Promise<{ ask: Ask; close(): void }> {
  const client = createClient({
    socket: { path, tls: false },
    commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
  });
  await client.connect();
  return { ask: (keys) => client.mGet(keys), close: () => client.destroy() };
}

/** By way of another thread, which answers one question after the other. */
function askBy(port: MessagePort): Ask {
  const waiting: ((values: unknown[]) => void)[] = [];
  port.on('message', (values: unknown[]) => waiting.shift()!(values));
  return (keys) => {
    port.postMessage(keys);
    return new Promise((resolve) => waiting.push(resolve));
  };
}

/** In a worker: asks for so long each time that it is told to. */
async function askOn({ path, port, keys }: { path: string; port?: MessagePort; keys: number }) {
  const { ask } = port ? { ask: askBy(port) } : await connect(path);
  const { parentPort } = await import('node:worker_threads');
  const names = Array.from({ length: keys }, (_, i) => keyOf(i));
  parentPort!.on('message', async () => {
    const start = performance.now();
    let questions = 0;
    for (; performance.now() - start < ROUND_MS; questions++) await ask(names);
    parentPort!.postMessage(((performance.now() - start) * 1000) / questions);
  });
  parentPort!.postMessage(0);
}

/** @returns the median of the rounds' means, µs */
async function timeOf(path: string, threads: number, keys: number, isOwn: boolean) {
  const { ask, close } = await connect(path);
  const workers = Array.from({ length: threads }, () => {
    const { port1, port2 } = new MessageChannel();
    port1.on('message', async (names: string[]) => port1.postMessage(await ask(names)));
    const data = isOwn ? { path, keys } : { path, keys, port: port2 };
    return new Worker(self, { workerData: data, transferList: isOwn ? [] : [port2] });
  });
  const heard = async () => {
    const messages = await Promise.all(workers.map((worker) => once(worker, 'message')));
    return messages.reduce((sum, [us]) => sum + us, 0) / threads;
  };
  await heard();
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const worker of workers) worker.postMessage('go');
    rounds.push(await heard());
  }
  await Promise.all(workers.map((worker) => worker.terminate()));
  close();
  return rounds.sort((a, b) => a - b)[ROUNDS >> 1]!.toFixed(0);
}

async function connections(): Promise<void> {
  const server = await RedisServer.start();
  const client = await server.client();
  for (let id = 0; id < KEYS; id++) await client.set(keyOf(id), 'x'.repeat(650));
  console.log('µs of an MGET: own connection, by way of the main thread');
  for (const [threads, keys] of [
    [1, 1],
    [1, 100],
    [4, 1],
    [4, 100],
  ] as const) {
    const [own, main] = [true, false].map((isOwn) =>
      timeOf.bind(0, server.path, threads, keys, isOwn),
    );
    console.log(`  ${threads} threads, ${keys} keys each: ${await own!()}, ${await main!()}`);
  }
  client.destroy();
  await server.stop();
}

const [, , what = 'all', path = '', perSecond = '1'] = process.argv;
if (workerData?.keys) await askOn(workerData);
else if (what === 'write') await writeOn(path, Number(perSecond));
else {
  if (what !== 'connections') await belief();
  if (what !== 'belief') await connections();
}
