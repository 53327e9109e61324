/**
 * What unit tests and fuzzers call below the kernel's face. Only test builds contain it.
 */

export { checksum } from './codec/checksum';
export { hash64 } from './codec/hash';
export { freePageCount, giveBlock, takeBlock, takeGivenBlock } from './frames/frames';
export { drainAll } from './frames/recover';
export { stockedIn } from './frames/stock';
export * from './index';
export { lockDesc, tryLockDesc, unlockDesc } from './memdesc/desc-lock';
export {
  BORN,
  bear,
  bury,
  disown,
  FROZEN,
  freeze,
  HEADER_BYTES,
  publish,
  put,
  tryGet,
} from './memdesc/header';
export { allocPages as allocPagesAs } from './memdesc/pages';
export { pin, unfreeze, unpin } from './memdesc/pin';
export {
  allocObject,
  CACHE_CELL,
  CACHE_FOLIO,
  CACHE_SLAB,
  cacheOf,
  freeObject,
} from './slab/kmem-cache';
export { limboCount } from './thread/limbo';
export { lock, unlock } from './thread/lock';
export { enterSection, isInSection, leaveSection } from './thread/rcu';
export { haltWorld, resumeWorld } from './thread/stop';
export {
  formatPool,
  zsAlloc,
  zsPlace,
  zsRead,
  zsRelease,
  zsRetire,
  zsWrite,
} from './zsmalloc/pool';
export { classFor, classOf } from './zsmalloc/size-class';
