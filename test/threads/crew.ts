/** Actors for the thread tests: real workers that attach, do what they are told, and die. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ResourceLimits, Worker } from 'node:worker_threads';
import { CorruptionError, SharedCache, type SharedCacheHandle } from '../../src/index.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { wordOfSlot } from '../support/structures.ts';

export interface ActorData {
  /** Undefined: the actor creates a cache of its own. */
  handle: SharedCacheHandle | undefined;
  flags: Int32Array<SharedArrayBuffer>;
}

export interface Request {
  role: string;
  values: unknown[];
}

export class Actor {
  readonly worker: Worker;
  readonly flags: Int32Array<SharedArrayBuffer> = new Int32Array(new SharedArrayBuffer(12));
  readonly exited: Promise<unknown>;
  error: Error & { code?: string } = new Error('none');

  constructor(handle?: SharedCacheHandle, resourceLimits: ResourceLimits = {}) {
    const workerData: ActorData = { handle, flags: this.flags };
    const file = new URL('./actor.ts', import.meta.url);
    this.worker = new Worker(file, { workerData, resourceLimits });
    this.worker.on('error', (error) => {
      this.error = error;
    });
    this.exited = new Promise((resolve) => this.worker.once('exit', resolve));
  }

  /** A promise of an actor that is attached, and whose lifeline the supervisor has. */
  static async start(handle?: SharedCacheHandle, limits?: ResourceLimits): Promise<Actor> {
    const actor = new Actor(handle, limits);
    await actor.answer();
    return actor;
  }

  async answer(): Promise<unknown> {
    const [message] = await once(this.worker, 'message', {
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (message.code) throw Object.assign(new Error(message.code), { code: message.code });
    return message.result;
  }

  /** Has the actor do something and gives its result; rejects with its error's code. */
  call(role: string, ...values: unknown[]): Promise<unknown> {
    const answer = this.answer();
    this.tell(role, ...values);
    return answer;
  }

  /** Has the actor do something that gives no answer. */
  tell(role: string, ...values: unknown[]): void {
    this.worker.postMessage({ role, values });
  }

  /** Waits, without blocking, until the actor has told 1. */
  async told(): Promise<void> {
    await until(() => Atomics.load(this.flags, 0) === 1, 'the actor to tell');
  }

  /** Waits until all calls of `load` are made. */
  async loading(): Promise<void> {
    await until(() => Atomics.load(this.flags, 2) === 1, 'the calls to be made');
  }

  /** Waits for it in a parked thread: nothing else runs here meanwhile. */
  toldWhileParked(): void {
    const stop = performance.now() + PATIENCE_MS;
    while (Atomics.load(this.flags, 0) === 0) {
      assert.ok(performance.now() < stop, 'the actor did not tell');
      Atomics.wait(this.flags, 0, 0, 100);
    }
  }

  go(): void {
    Atomics.store(this.flags, 1, 1);
    Atomics.notify(this.flags, 1);
  }
}

/** Polls until `isTrue`. @returns the milliseconds it took */
export async function until(isTrue: () => boolean, what: string | (() => string)): Promise<number> {
  const start = performance.now();
  while (!isTrue()) {
    if (performance.now() - start > PATIENCE_MS) {
      assert.fail(`waited in vain for ${typeof what === 'string' ? what : what()}`);
    }
    await sleep(1);
  }
  return performance.now() - start;
}

/** Index, among a zone's 32-bit words, of a field of a thread's slot. */
export function wordOf(slot: number, field: string): number {
  return wordOfSlot(slot, field) >> 2;
}

/** As if the thread of a slot were in the midst of an operation. */
export function pretendInside({ arena }: SharedCache, slot: number, operation: number): void {
  Atomics.store(new Int32Array(arena.memory.buffer), wordOf(slot, 'inKernel'), operation);
}

export interface Footprint {
  threads: number;
  scratch: number;
  cells: number;
}

export function footprint(cache: SharedCache): Footprint {
  const { threads, pagesByUse } = cache.arena.report();
  const cells = cache.arena.kernel.cacheInUse(2);
  return { threads, scratch: pagesByUse['thread scratch'] ?? 0, cells };
}

/** A cache whose supervisor has come. */
export async function createCache(maxSize = '8MiB'): Promise<SharedCache> {
  const cache = new SharedCache({ maxSize });
  await until(() => cache.arena.report().threads === 2, 'the supervisor');
  return cache;
}

/** Frees what waits for a grace period: it begins with one call and is over in a later one. */
export function drain(cache: SharedCache): void {
  for (let round = 0; round < 8; round++) cache.arena.kernel.reclaim();
}

/** Waits until slots, scratch and cells are as they were, and the cache works. @returns the ms */
export async function isRecovered(cache: SharedCache, before: Footprint): Promise<number> {
  const expected = JSON.stringify(before);
  const isSame = () => {
    drain(cache);
    return JSON.stringify(footprint(cache)) === expected;
  };
  const ms = await until(isSame, () => `${expected}, have ${JSON.stringify(footprint(cache))}`);
  cache.arena.check();
  assert.equal(cache.set('probe', Uint8Array.of(1, 2, 3)), true);
  assert.deepEqual(cache.get('probe'), Uint8Array.of(1, 2, 3));
  cache.delete('probe');
  drain(cache);
  return ms;
}

/** Asserts that the zone is poisoned for this thread, with one of these faults. */
export function isPoisoned(cache: SharedCache, ...faults: number[]): void {
  assert.throws(
    () => cache.get('key'),
    (error: unknown) => error instanceof CorruptionError && faults.includes(error.fault),
  );
}
