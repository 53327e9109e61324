/**
 * The observer's face: a module that can only look.
 *
 * What ships in `pageless/inspect` beside the kernel itself. Nothing that is exported here stores
 * into the zone's memory, takes a lock or waits; test/binary.test.ts finds no store in the whole
 * binary.
 */
export { typeNameAt } from './exports/folios';
export { cacheNameOf } from './exports/objects';
export {
  nextZspageSlab,
  observed,
  observedClass,
  observedSlab,
  observePage,
  observeZspage,
} from './exports/observe';
export {
  childrenOf,
  counter,
  entryCount,
  fault,
  faultDetail,
  faultSlot,
  fragmentationIndex,
  freeBlocks,
  freePagesNow,
  keyBytes,
  limboOf,
  liveThreads,
  minPages,
  pageCount,
  stockedPages,
  unusableFreeIndex,
  valueBytes,
  zoneIdHi,
  zoneIdLo,
} from './exports/statistics';
export { liveOwner, supervisorOwner } from './exports/zone';
