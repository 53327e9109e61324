/** Eight threads miss the same key at once: the tier hears one question. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { SharedCache } from '../../src/cache/constructor.ts';
import { redisTier } from '../../src/tier/redis.ts';
import { answers } from '../support/answers.ts';
import { MemoryTier } from '../support/memory-tier.ts';
import { leftOut, RedisServer } from '../support/redis-server.ts';
import type { Asking, Question } from './asking-thread.ts';

const THREADS = 8;
const CALLS: Question['call'][] = ['getAsync', 'getManyAsync', 'getOrSet'];

/** Threads that wait for questions. */
async function start(workerData: Asking) {
  const program = new URL('./asking-thread.ts', import.meta.url);
  const workers = Array.from({ length: THREADS }, () => new Worker(program, { workerData }));
  await answers(workers);
  /** Puts a question to each. @returns what each has got */
  const ask = (questionOf: (thread: number) => Question) =>
    Promise.all(
      workers.map(async (worker, i) => {
        worker.postMessage(questionOf(i));
        return (await once(worker, 'message'))[0] as unknown;
      }),
    );
  const stop = () => Promise.all(workers.map((worker) => worker.terminate()));
  return { workers, ask, stop };
}

/** A cache, and a frame that its threads' tiers may answer with. */
async function openCache() {
  const tier = new MemoryTier();
  const cache = new SharedCache<string>({ maxSize: '8MiB', values: 'string', tier });
  cache.set('key', 'value');
  await cache.flush();
  const { frame } = tier.store.frames.get('key')!;
  return { cache, frame };
}

test('one question for eight threads, whichever calls they make', async () => {
  const { cache, frame } = await openCache();
  const questions = new Int32Array(new SharedArrayBuffer(4));
  // So slow that all ask before it answers, if they ask at all: a second, and a wait of fifteen.
  const counted = { frame, questions, answerMs: 1000 };
  const { ask, stop } = await start({ handle: cache.handle, counted });
  try {
    const values = await ask((i) => ({ call: CALLS[i % 3]!, key: 'other' }));
    assert.deepEqual(new Set(values), new Set(['value']));
    assert.equal(Atomics.load(questions, 0), 1);
  } finally {
    await stop();
    cache.close();
  }
});

test('a thread that dies while it asks costs the others a wait', async () => {
  const { cache, frame } = await openCache();
  const questions = new Int32Array(new SharedArrayBuffer(4));
  const counted = { frame, questions, answerMs: 200 };
  const timeoutMs = 2000;
  const { workers, ask, stop } = await start({ handle: cache.handle, counted, timeoutMs });
  try {
    workers[0]!.postMessage({ call: 'getAsync', key: 'other' } satisfies Question);
    while (Atomics.load(questions, 0) === 0) await new Promise(setImmediate);
    await workers.shift()!.terminate();
    const values = await ask(() => ({ call: 'getAsync', key: 'other' }));
    assert.deepEqual(new Set(values), new Set(['value']));
    assert.ok(Atomics.load(questions, 0) >= 2, 'again: nobody has kept an answer');
  } finally {
    await stop();
    cache.close();
  }
});

test('Redis hears one question of eight threads', { skip: leftOut }, async () => {
  const server = await RedisServer.start();
  const open = () =>
    new SharedCache<string>({
      maxSize: '8MiB',
      values: 'string',
      tier: redisTier({ keyPrefix: 'threads', socket: { path: server.path }, timeoutMs: 60_000 }),
    });
  const [writer, cache] = [open(), open()];
  const { ask, stop } = await start({ handle: cache.handle, path: server.path });
  const client = await server.client();
  try {
    for (const call of CALLS) {
      writer.set(call, 'value');
      await writer.flush();
      await client.configResetStat();
      // It answers when all have asked.
      await client.clientPause(500, 'ALL');
      const values = await ask(() => ({ call, key: call }));
      assert.deepEqual(new Set(values), new Set(['value']), call);
      const asked = /cmdstat_mget:calls=(\d+)/.exec(await client.info('commandstats'))?.[1];
      assert.equal(asked, '1', call);
    }
  } finally {
    await stop();
    client.destroy();
    writer.close();
    cache.close();
    await server.stop();
  }
});
