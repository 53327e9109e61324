/**
 * A thread that misses: it is told which call to make of which key, and says what it got. Its tier
 * is a server, or one that answers the same for each key, after a while, and counts its questions.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { SharedCache, type SharedCacheHandle } from '../../src/index.ts';
import type { Tier } from '../../src/tier/interface.ts';
import { redisTier } from '../../src/tier/redis.ts';

export interface Asking {
  readonly handle: SharedCacheHandle;
  /** Of a server; or what each key has, after `answerMs`, and where questions are counted. */
  readonly path?: string;
  readonly counted?: { frame: Uint8Array; questions: Int32Array; answerMs: number };
  /** Others wait for a quarter of it. */
  readonly timeoutMs?: number;
}

export interface Question {
  readonly call: 'getAsync' | 'getManyAsync' | 'getOrSet';
  readonly key: string;
}

const { handle, path, counted, timeoutMs = 60_000 } = workerData as Asking;
const policy = { timeoutMs };

function countingTier({ frame, questions, answerMs }: NonNullable<Asking['counted']>): Tier {
  return {
    name: 'counting',
    policy,
    async getMany(keys) {
      Atomics.add(questions, 0, keys.length);
      await new Promise((resolve) => setTimeout(resolve, answerMs));
      return keys.map(() => frame);
    },
    setMany: async (entries) => entries.map(() => true),
    async deleteMany() {},
    async clear() {},
    async close() {},
  };
}

const tier = counted
  ? countingTier(counted)
  : redisTier({ keyPrefix: 'threads', socket: { path: path! }, ...policy });
const cache = SharedCache.attach<string>(handle, { tier });

async function ask({ call, key }: Question): Promise<string | undefined> {
  if (call === 'getAsync') return cache.getAsync(key);
  if (call === 'getManyAsync') return (await cache.getManyAsync([key]))[0];
  return cache.getOrSet(key, () => 'computed');
}

parentPort!.on('message', async (question: Question) => {
  parentPort!.postMessage(await ask(question));
});
await (tier as { connect?(): Promise<void> }).connect?.();
parentPort!.postMessage('ready');
