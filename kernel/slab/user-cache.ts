/**
 * Users' caches: found or made by name, and never given up as long as the zone lives.
 *
 * A thread writes the name, padded with zeros, where it is told, and asks for a cache of so many
 * bytes. Who comes first makes it; the others get the same number, and look for themselves
 * whether the size is theirs. A record is complete before its size is stored, so one that a dead
 * thread began is free.
 */
import { ERR_ARGUMENT, ERR_FULL } from '../base/fault';
import { PAGE_BYTES } from '../base/layout';
import {
  CACHES,
  cacheOf,
  createCache,
  FIRST_USER_CACHE,
  KIND_HAND,
  KmemCache,
  MIN_OBJECT_BYTES,
  NAME_BYTES,
} from './cache';
import { lockSlab, unlockSlab } from './sheaf';

/** Where the name of a cache of the table stands. */
export function nameOf(cache: u32): usize {
  return changetype<usize>(cacheOf(cache)) + offsetof<KmemCache>('name0');
}

/** @returns the number of the cache with the name at `name`; or ERR_ARGUMENT, ERR_FULL */
export function openCache(name: usize, objectBytes: u32): i32 {
  if (objectBytes < MIN_OBJECT_BYTES || objectBytes > PAGE_BYTES) return ERR_ARGUMENT;
  if (objectBytes % MIN_OBJECT_BYTES != 0) return ERR_ARGUMENT;
  lockSlab();
  let cache = FIRST_USER_CACHE;
  while (cache < CACHES && cacheOf(cache).objectBytes != 0 && !isNamed(cache, name)) cache++;
  if (cache < CACHES && cacheOf(cache).objectBytes == 0) {
    memory.copy(nameOf(cache), name, NAME_BYTES);
    createCache(cache, objectBytes, KIND_HAND);
  }
  unlockSlab();
  return cache < CACHES ? i32(cache) : ERR_FULL;
}

function isNamed(cache: u32, name: usize): bool {
  return memory.compare(nameOf(cache), name, NAME_BYTES) == 0;
}
