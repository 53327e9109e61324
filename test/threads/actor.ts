/**
 * The worker of the thread tests: attaches to a cache and does what it is told, or dies as told.
 *
 * Flags (shared words): 0 = what the actor has come to · 1 = go on. Roles that block or die inside
 * one turn tell how far they are by flag 0, because no message would leave.
 */
import { randomFillSync } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import threads, { parentPort, threadId, Worker, workerData } from 'node:worker_threads';
import * as facts from '../../src/generated/facts.ts';
import { SharedCache } from '../../src/index.ts';
import { type ActorData, type Request, wordOf } from './crew.ts';

const { handle, flags } = workerData as ActorData;
const introduced = watchIntroductions();
const cache = handle ? SharedCache.attach(handle) : new SharedCache({ maxSize: '8MiB' });
const { kernel } = cache.arena;
const kept: unknown[] = [];

/** @returns a function that resolves when whatever this thread has sent to others is there */
function watchIntroductions(): () => Promise<unknown> {
  const { postMessageToThread } = threads;
  const sent: Promise<unknown>[] = [];
  const watched = (...args: Parameters<typeof postMessageToThread>): Promise<void> => {
    const arrival = postMessageToThread(...args);
    sent.push(arrival);
    return arrival;
  };
  Object.assign(threads, { postMessageToThread: watched });
  return () => Promise.allSettled(sent);
}

function tell(value: number): void {
  Atomics.store(flags, 0, value);
  Atomics.notify(flags, 0);
}

/** Blocks this thread until somebody sets flag 1. */
function awaitGo(): void {
  while (Atomics.load(flags, 1) === 0) Atomics.wait(flags, 1, 0, 1000);
}

function noise(bytes: number): Uint8Array<ArrayBuffer> {
  return randomFillSync(new Uint8Array(bytes));
}

/** Leaves a long value half-built, as a thread does that dies between two blocks. */
function halfSet(bytes: number): number {
  const words = new Uint8Array(cache.arena.memory.buffer);
  kernel.takeLarge();
  words[kernel.keyScratch()] = 65;
  kernel.beginSet(1, bytes, 0);
  for (let sent = 0; sent < bytes / 2; sent += 65520) {
    words.set(noise(65520), kernel.inputScratch());
    kernel.appendSet(65520, 0);
  }
  return kernel.cacheInUse(2);
}

function holdLock(lock: number, operation: number): void {
  const words = new Int32Array(cache.arena.memory.buffer);
  const owners = Array.from({ length: 8 }, (_, slot) => words[wordOf(slot, 'identity') + 1]);
  const slot = owners.indexOf(threadId + 1);
  while (Atomics.compareExchange(words, lock >> 2, 0, slot) !== 0);
  Atomics.store(words, wordOf(slot, 'inKernel'), operation);
  tell(1);
}

/** What a `compute` is told to do; it tells by flag 0 that it has begun. */
const computes: Record<string, () => unknown> = {
  value: async () => {
    await sleep(20);
    return text(`by ${threadId}`);
  },
  /** When flag 1 is set. */
  gated: async () => {
    tell(1);
    while (Atomics.load(flags, 1) === 0) await sleep(1);
    return text(`by ${threadId}`);
  },
  nothing: async () => {
    await sleep(20);
    return undefined;
  },
  large: async () => {
    await sleep(20);
    return new Uint8Array(2 ** 21);
  },
  failing: async () => {
    tell(1);
    while (Atomics.load(flags, 1) === 0) await sleep(1);
    throw Object.assign(new RangeError('on purpose'), { code: 'E_MINE' });
  },
  never: () => {
    tell(1);
    return new Promise(() => {});
  },
};

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function plain(value: Uint8Array | undefined): string | undefined {
  return value && (value.length > 100 ? `${value.length} bytes` : new TextDecoder().decode(value));
}

async function load(key: string, how: string, calls = 1, options = {}): Promise<unknown> {
  let computed = 0;
  const compute = (): Uint8Array => {
    computed++;
    return computes[how]?.() as Uint8Array;
  };
  const all = Array.from({ length: calls }, () => cache.getOrSet(key, compute, options));
  Atomics.store(flags, 2, 1);
  try {
    const values = (await Promise.all(all)).map(plain);
    return { computed, values: [...new Set(values)] };
  } catch (error) {
    const { name, code, cause } = error as Error & { code: string };
    return { computed, name, code, cause };
  }
}

/** Computes `key` while it asks for `other`, standing still; both tell when they have begun. */
function loadRing(key: string, other: string): unknown {
  try {
    const value = cache.getOrSetSync(key, () => {
      tell(1);
      awaitGo();
      return cache.getOrSetSync(other, () => text(`${other} by ${threadId}`));
    });
    return plain(value);
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const roles: Record<string, (...values: never[]) => unknown> = {
  load,
  loadRing,
  loadSync: (key: string) => plain(cache.getOrSetSync(key, () => text(`by ${threadId}`))),
  loadAndExit: async (key: string) => {
    parentPort?.unref();
    parentPort?.postMessage({ result: await load(key, 'value') });
  },
  handle: () => cache.handle,
  threadId: () => threadId,
  /** What this thread is told of deaths, until it has heard of so many. */
  deaths: async (count: number) => {
    const told: unknown[] = [];
    await new Promise<void>((resolve) => {
      cache.on('threadDied', (event) => told.push(event));
      cache.on('recovered', (event) => told.push(event) === 2 * count && resolve());
      tell(1);
    });
    return told;
  },
  get: (key: string) => cache.get(key),
  set: (key: string, bytes: number) => cache.set(key, noise(bytes)),
  evict: (sets: number) => {
    for (let i = 0; i < sets; i++) cache.set(`${threadId} ${i}`, noise(4000));
  },
  threads: () => cache.arena.report().threads,
  check: () => cache.arena.check(),
  dispose: () => cache[Symbol.dispose](),
  halfSet,
  /** Waits for the lock of types, if somebody has it. Flag 0: 1 = begun. */
  registerType: (name: string) => {
    tell(1);
    return cache.arena.registerType({ name, descriptorBytes: 32 });
  },
  /** Tells by flag 0 when the slots are `threads`; needs no event loop. */
  observeThreads: (threads: number) => {
    while (cache.arena.report().threads !== threads) Atomics.wait(flags, 1, 0, 1);
    tell(1);
  },
  /** Stands as if a call had been cut short, with a lock held, and makes no other. */
  leaveLock: () => holdLock(facts.MEMDESC_STATE, facts.OP_FOLIO),
  holdLockAndPark: () => {
    holdLock(facts.MEMDESC_STATE, facts.OP_FOLIO);
    awaitGo();
    process.exit(0);
  },
  /** Keeps a folio pinned and locked. */
  pinAndLock: (name: number) => {
    const pin = cache.arena.folio(name)!.pin();
    kept.push(pin);
    return pin.lock();
  },
  stopWorld: () => {
    kernel.stop();
    tell(1);
  },
  exitWhenTold: () => {
    tell(1);
    awaitGo();
    process.exit(0);
  },
  exit: () => process.exit(0),
  end: () => {
    parentPort?.close();
    parentPort?.unref();
  },
  throw: () => {
    setImmediate(() => {
      throw new Error('on purpose');
    });
  },
  spin: () => {
    tell(1);
    while (true);
  },
  exhaust: () => {
    tell(1);
    while (true) kept.push(new Array(100_000).fill(threadId));
  },
  /** A worker of this worker, on the same cache. Told by flag 0 when it is attached. */
  nest: () =>
    new Promise((resolve) => {
      const data: ActorData = { handle: cache.handle, flags };
      const worker = new Worker(new URL(import.meta.url), { workerData: data });
      kept.push(worker);
      worker.once('message', resolve);
    }),
  terminateNested: () => (kept[0] as Worker).terminate(),
};

parentPort?.on('message', async ({ role, values }: Request) => {
  try {
    const result = await roles[role]!(...(values as never[]));
    parentPort?.postMessage({ result });
  } catch (error) {
    const { code } = error as { code?: string };
    parentPort?.postMessage({ code: code ?? `${error}` });
  }
});
await introduced();
parentPort?.postMessage({ result: 'attached' });
