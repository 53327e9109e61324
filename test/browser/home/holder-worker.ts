/**
 * A worker that holds something for as long as it is asked to: the world, stopped by itself, or a
 * lock, as one that the system does not run in the midst of a call.
 */
import * as facts from '../../../src/generated/facts.ts';
import { SharedCache, type SharedCacheHandle } from '../../../src/index.ts';
import { wordOfSlot } from '../../support/structures.ts';

export interface Hold {
  handle: SharedCacheHandle;
  /** Address of a lock; 0: the world. */
  lock: number;
  /** Raised by who wants it to end. */
  end: Int32Array;
}

/** A thread in the midst of a change that waits for somebody else, at a safe point. */
const IN_A_CALL = facts.OP_WRITE | facts.AT_SAFEPOINT;

function holdLock(cache: SharedCache, { lock, end }: Hold): void {
  const words = new Int32Array(cache.arena.handle.memory.buffer);
  const { kernel, thread } = cache.arena;
  // Who has never been there is not looked for there after its death.
  const taken = Array.from({ length: 300 }, () => cache.arena.allocFolio(0));
  for (const folio of taken) folio?.free();
  let slot = 1;
  while (kernel.liveOwner(slot) >>> 0 !== thread) slot++;
  const inKernel = wordOfSlot(slot, 'inKernel') / 4;
  Atomics.store(words, inKernel, IN_A_CALL);
  while (Atomics.compareExchange(words, lock / 4, 0, slot) !== 0);
  postMessage(thread);
  Atomics.wait(end, 0, 0);
  Atomics.store(words, lock / 4, 0);
  Atomics.store(words, inKernel, 0);
}

function holdWorld(cache: SharedCache, { end }: Hold): void {
  const { kernel, thread } = cache.arena;
  kernel.stop();
  postMessage(thread);
  Atomics.wait(end, 0, 0);
  kernel.start();
}

self.onmessage = ({ data }: MessageEvent<Hold>) => {
  const cache = SharedCache.attach(data.handle);
  const begin = () => {
    // Until its life lock is known to be held nobody could tell that it is dead.
    if (!cache.stats().isSupervised) setTimeout(begin, 1);
    else if (data.lock === 0) holdWorld(cache, data);
    else holdLock(cache, data);
    setInterval(() => cache.stats().threads === 1 && postMessage('alone'), 5);
  };
  setTimeout(begin, 1);
};
