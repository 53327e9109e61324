/**
 * The face of zsmalloc's pools: what src/arena/zs-pool.ts calls. Bracketed as all calls.
 *
 * A pool is named by the number of its first page, an object by its public handle
 * (zsmalloc/malloc.ts), which crosses as f64: a whole number below 2^53.
 */
import { ERR_NO_MEMORY } from '../base/fault';
import { pageAddress, pfnOfAddress } from '../base/layout';
import { slowDown } from '../reclaim/reclaim';
import { LIMBO_OBJECT } from '../thread/limbo';
import { OP_POOL, OP_READ } from '../thread/operations';
import { enterKernel as enter, leaveKernel as leave } from '../thread/stop';
import { createPool } from '../zsmalloc/alloc';

import { beginCompaction, compactedPages, compactSome } from '../zsmalloc/compact';
import * as face from '../zsmalloc/malloc';
import { packedObjects as packed } from '../zsmalloc/pack';
import { isPool } from '../zsmalloc/pool-table';

/** Makes a pool of objects. @returns its address >> PAGE_SHIFT, or ERR_NO_MEMORY */
export function zsCreate(): i32 {
  enter(OP_POOL);
  const pool = createPool();
  leave();
  return pool == 0 ? ERR_NO_MEMORY : i32(pfnOfAddress(pool));
}

/** Whether a page is that of a pool. */
export function zsIsPool(pool: u32): bool {
  enter(OP_READ);
  const isThere = isPool(pageAddress(pool));
  leave();
  return isThere;
}

/** @returns a public handle (zsmalloc/malloc.ts) of an object of zeros, or ERR_NO_MEMORY */
export function zsMalloc(pool: u32, bytes: u32): f64 {
  enter(OP_POOL);
  const handle = face.zsMalloc(pageAddress(pool), bytes);
  leave();
  return handle;
}

/** Puts an object into the output scratch. @returns its length, or ERR_STALE, ERR_FOREIGN_HANDLE */
export function zsReadObject(pool: u32, handle: f64): i32 {
  enter(OP_READ);
  const bytes = face.zsReadObject(pageAddress(pool), u64(handle));
  leave();
  return bytes;
}

/** Replaces an object by bytes of the input scratch. @returns 0 or ERR_… */
export function zsOverwrite(pool: u32, handle: f64, bytes: u32): i32 {
  enter(OP_POOL);
  const failure = face.zsOverwrite(pageAddress(pool), u64(handle), bytes);
  slowDown(LIMBO_OBJECT);
  leave();
  return failure;
}

/** @returns 0 or ERR_STALE, ERR_FOREIGN_HANDLE, ERR_BUSY */
export function zsFree(pool: u32, handle: f64): i32 {
  enter(OP_POOL);
  const failure = face.zsFree(pageAddress(pool), u64(handle));
  slowDown(LIMBO_OBJECT);
  leave();
  return failure;
}

/** Objects of the cache that this thread has moved because memory was short. */
export function packedObjects(): u32 {
  return packed();
}

/** Begins a compaction of objects by this thread. */
export function zsCompactBegin(): void {
  enter(OP_POOL);
  beginCompaction();
  leave();
}

/** One step of it: see zsmalloc/compact.ts. @returns objects moved, 0 at the end, ERR_BUSY */
export function zsCompactSome(pool: u32, threshold: u32): i32 {
  enter(OP_POOL);
  const moved = compactSome(pageAddress(pool), threshold);
  leave();
  return moved;
}

/** Pages that this thread's compaction has freed so far. */
export function zsCompactPages(): i32 {
  return compactedPages();
}
