/**
 * The caches under measurement, each in a worker of its own so that each has its own heap.
 *
 * The main thread asks one worker at a time; the answer is what was measured. Values are JSON texts
 * of about 1 KiB, the same for all subjects. Peers copy a value when they store it, as a cache that
 * owns its bytes must; their `get` hands out the stored Buffer itself, which ours never does.
 */

import v8 from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { LRUCache } from 'lru-cache';
import { SharedCache } from '../src/index.ts';
import { pinThread } from './suite.ts';

export interface Subject {
  get(key: string): Uint8Array | undefined;
  set(key: string, value: Buffer): void;
  /** Bytes that the stored entries take. */
  bytes(): number;
}

export type Request =
  | { kind: 'fill' }
  | { kind: 'get' | 'set'; operations: number }
  | { kind: 'churn'; ms: number };

export interface Setup {
  subject: string;
  entries: number;
}

v8.setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collect();
  const { used_heap_size, external_memory } = v8.getHeapStatistics();
  return used_heap_size + external_memory;
}

function inHeap(map: { get(key: string): Buffer | undefined; set(k: string, v: Buffer): unknown }) {
  const before = heapBytes();
  return {
    get: (key: string) => map.get(key),
    set: (key: string, value: Buffer) => void map.set(key, Buffer.from(value)),
    bytes: () => heapBytes() - before,
  };
}

function ours(entries: number, compression: 'lz4' | 'none'): Subject {
  const maxSize = Math.max(8 * 2 ** 20, entries * 2048);
  const cache = new SharedCache({ maxSize, values: 'bytes', compression });
  return {
    get: (key) => cache.get(key),
    set: (key, value) => void cache.set(key, value),
    bytes: () => cache.stats().storedBytes,
  };
}

const subjects: Record<string, (entries: number) => Subject> = {
  'pageless lz4': (entries) => ours(entries, 'lz4'),
  'pageless raw': (entries) => ours(entries, 'none'),
  Map: () => inHeap(new Map<string, Buffer>()),
  'lru-cache': (entries) => inHeap(new LRUCache<string, Buffer>({ max: entries })),
};

let seed = 1;
/** Deterministic 32-bit numbers (xorshift): every subject gets the same ones. */
function random(below: number): number {
  seed ^= seed << 13;
  seed ^= seed >>> 17;
  seed ^= seed << 5;
  return (seed >>> 0) % below;
}

const words = 'amber birch cedar delta ember fjord grove heron inlet jetty kiln larch'.split(' ');

/** A JSON text of 900 to 1,150 bytes, as an API might return it. */
export function makeValue(id: number): Buffer {
  const items = Array.from({ length: 9 }, (_, i) => ({
    sku: `SKU-${random(1e6)}`,
    title: `${words[random(12)]} ${words[random(12)]} ${words[random(12)]}`,
    quantity: random(20),
    price: random(100_000) / 100,
    tags: [words[random(12)], words[i % 12]],
  }));
  const user = { id, name: `${words[random(12)]}.${words[random(12)]}`, active: random(2) === 1 };
  return Buffer.from(JSON.stringify({ id, user, createdAt: 1.7e12 + random(1e9), items }));
}

/** Values are drawn from a pool, so that making them is not measured. */
const POOL = 1024;

function serve({ subject: name, entries }: Setup): void {
  const pool = Array.from({ length: POOL }, (_, i) => makeValue(i));
  const keys = Array.from({ length: entries }, (_, i) => `user:${i}:profile`);
  const subject = subjects[name]!(entries);
  const step = (isSet: boolean) => {
    const key = keys[random(entries)]!;
    if (isSet) subject.set(key, pool[random(POOL)]!);
    else if (subject.get(key) === undefined) throw new Error(`${name} lost ${key}`);
  };
  const time = (operations: number, isSet: boolean) => {
    const start = performance.now();
    for (let i = 0; i < operations; i++) step(isSet);
    return ((performance.now() - start) * 1e6) / operations;
  };
  parentPort?.on('message', (request: Request) => {
    switch (request.kind) {
      case 'fill':
        for (const [i, key] of keys.entries()) subject.set(key, pool[i % POOL]!);
        return parentPort?.postMessage(subject.bytes() / entries);
      case 'churn':
        return parentPort?.postMessage(longestPause(request.ms, step));
      default:
        return parentPort?.postMessage(time(request.operations, request.kind === 'set'));
    }
  });
}

/** Longest single operation, in ms, of five gets to one set. */
function longestPause(ms: number, step: (isSet: boolean) => void): number {
  let longest = 0;
  const end = performance.now() + ms;
  for (let i = 0, before = performance.now(); before < end; i++) {
    step(i % 6 === 0);
    const after = performance.now();
    longest = Math.max(longest, after - before);
    before = after;
  }
  return longest;
}

if (workerData !== null) {
  pinThread(1);
  serve(workerData as Setup);
}
