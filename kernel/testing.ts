/**
 * What unit tests and fuzzers call below the kernel's face. Only test builds contain it.
 */

import { Desc } from './base/layout';
import { storeWord } from './base/words';
import { evictSome } from './cache/eviction/eviction';
import { makeRoom } from './cache/room';
import { refsAt } from './memdesc/header';
import { keepEvicted } from './reclaim/reclaim';
import { drainSlab } from './slab/drain';
import { allocObject, freeObject } from './slab/kmem-cache';
import { spillRing } from './store/deferred';
import { leaveSection } from './thread/rcu';
import { enterHalted, enterKernel, leaveKernel, resumeWorld } from './thread/stop';
import { reapDead, repairDead } from './zone/recovery';
import { dropPin } from './zone/release';
import { deferObjects } from './zsmalloc/deferred-frees';
import { packSome } from './zsmalloc/pack';
import { selfThreadState } from './zsmalloc/thread-state';

export { checksum } from './codec/checksum';
export { hash64, hashKey } from './codec/hash';
export { drainAll } from './frames/drain';
export { freePageCount, giveBlock, takeBlock, takeBlockAt } from './frames/frames';
export { stockedIn } from './frames/stock';
export * from './index';
export { lockDesc, tryLockDesc, unlockDesc } from './memdesc/desc-lock';
export {
  disown,
  FROZEN,
  freeze,
  HEADER_BYTES,
  initHeader,
  publish,
  put,
  tryGet,
  UNPUBLISHED,
} from './memdesc/header';
export { allocPages as allocPagesAs } from './memdesc/pages';
export { pin, unfreeze, unpin } from './memdesc/pin';
export { drainSlab } from './slab/drain';
export {
  allocObject,
  CACHE_CELL,
  CACHE_FOLIO,
  CACHE_SLAB,
  cacheOf,
  freeObject,
} from './slab/kmem-cache';
export { waitingSlabs } from './slab/slabs';
export { leafCount as leaves } from './store/directory';
export { hashOf } from './store/entry-head';
export { setMany } from './store/resize';
export {
  assertHalted,
  assertInSection,
  assertLocked,
  assertLockedOrHalted,
  assertNoLock,
  assertOutside,
} from './thread/context';
export { limboCount } from './thread/limbo';
export { lock, unlock } from './thread/lock';
export { enterSection, isInSection, leaveSection } from './thread/rcu';
export { haltWorld, resumeWorld } from './thread/stop';
export { formatPool, zsAlloc, zsRelease, zsRetire, zsSettle } from './zsmalloc/alloc';
export { zsPlace, zsRead, zsWrite } from './zsmalloc/object';
export { classFor, shapeOf } from './zsmalloc/size-class';

/** Allocates and frees, one at once, `rounds` times: what a bench measures without the border. */
export function churnObjects(cache: u32, rounds: u32): void {
  for (let i: u32 = 0; i < rounds; i++) freeObject(cache, allocObject(cache));
}

function endCall(): void {
  leaveSection();
  leaveKernel();
}

/** `allocObject`, `freeObject` and others as calls of their own: for threads that may be halted. */
export function allocInCall(cache: u32): u32 {
  enterKernel(1);
  const object = allocObject(cache);
  endCall();
  return object;
}

export function freeInCall(cache: u32, object: u32): void {
  enterKernel(1);
  freeObject(cache, object);
  endCall();
}

/** Eviction without need. */
export function sweepInCall(bytes: u32): u32 {
  enterKernel(1);
  const entries = evictSome(bytes);
  endCall();
  return entries;
}

/** What a set does that finds no memory. */
export function makeRoomInCall(bytes: u32): u32 {
  enterKernel(1);
  const outcome = makeRoom(bytes);
  endCall();
  return outcome;
}

/** What a set does after it has evicted. */
export function keepInCall(): void {
  enterKernel(1);
  keepEvicted();
  endCall();
}

/** Packing without need. @returns pages that became free */
export function packInCall(pages: u32): u32 {
  enterKernel(1);
  const freed = packSome(pages);
  endCall();
  return freed;
}

export function drainInCall(): void {
  enterKernel(1);
  drainSlab();
  endCall();
}

/** What a thread does with freed objects that readers hold up for long. */
export function deferFreed(): void {
  enterKernel(1);
  deferObjects(selfThreadState());
  endCall();
}

/** What a thread does with entries that readers hold up for long. */
export function spillInCall(): void {
  enterKernel(1);
  spillRing();
  endCall();
}

/** `putPage` of who has waited for a lock in it, which has ended its section. */
export function putInCall(desc: Desc): void {
  enterKernel(1);
  dropPin(desc << 5);
  endCall();
}

/** The two halves of a recovery; the first one alone leaves all debts. */
export function repairInCall(): void {
  if (!enterHalted(1)) return;
  repairDead();
  resumeWorld();
  endCall();
}

export function reapInCall(): u32 {
  enterKernel(1);
  const recovered = reapDead();
  endCall();
  return recovered;
}

/** Leaves the refs as a free object's, as its cache does. */
export function clearRefs(desc: Desc): void {
  storeWord(refsAt(desc), 0);
}
