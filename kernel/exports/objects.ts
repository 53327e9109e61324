/**
 * The part of the kernel's face that is about objects: users' caches, and figures of all caches.
 *
 * Calls are bracketed as in zone.ts. A handle is an object's address over 8.
 */
import { ERR_NO_MEMORY } from '../base/fault';
import { mailbox } from '../base/mailbox';
import { allocObject, isObject, tryFreeObject } from '../slab/kmem-cache';
import { settleHand } from '../slab/sheaf';
import { slabFigure as figure, objectsInUse } from '../slab/statistics';
import { nameOf, openCache as open } from '../slab/user-cache';
import { OP_OBJECT } from '../thread/operations';
import { enterReading, leaveKernel as leave } from '../thread/stop';

function enter(): void {
  enterReading(OP_OBJECT);
}

/** Where the name of a cache stands; a user's, since the kernel's have none. */
export function cacheNameOf(cache: u32): u32 {
  return u32(nameOf(cache));
}

/** Opens, or makes, the cache whose name is in the mailbox. @returns its number or ERR_… */
export function openCache(objectBytes: u32): i32 {
  enter();
  const cache = open(mailbox(), objectBytes);
  leave();
  return cache;
}

/** @returns an object of a user's cache, its address >> 3; or ERR_NO_MEMORY */
export function newObject(cache: u32): i32 {
  enter();
  const object = allocObject(cache);
  leave();
  // From here on it is the user's.
  settleHand();
  return object == 0 ? ERR_NO_MEMORY : i32(object >> 3);
}

/** @returns false when it is no object in use of the cache; then nothing has changed */
export function dropObject(cache: u32, object: u32): bool {
  enter();
  const isFreed = tryFreeObject(cache, object << 3);
  leave();
  return isFreed;
}

/** Whether `object` is one in use of the cache: then its bytes are the caller's to touch. */
export function hasObject(cache: u32, object: u32): bool {
  enter();
  const isIt = isObject(cache, object << 3);
  leave();
  return isIt;
}

/** A figure of a cache: see slab/statistics.ts. */
export function slabFigure(cache: u32, which: u32): u32 {
  enter();
  const value = figure(cache, which);
  leave();
  return value;
}

/** Objects in use in a cache. */
export function cacheInUse(cache: u32): u32 {
  enter();
  const objects = objectsInUse(cache);
  leave();
  return objects;
}
