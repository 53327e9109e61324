/**
 * The caches under measurement behind one face.
 *
 * Like with like: `read` ends when the bytes stand in a Buffer of the caller's own, `get` with a
 * Uint8Array of the caller's own, and `set` leaves the cache with bytes of its own. A peer that
 * hands out what it holds has therefore to copy, as a program must that does not want to share it.
 */
import v8 from 'node:v8';
import { runInNewContext } from 'node:vm';
import { open, type RootDatabase } from 'lmdb';
import { LRUCache } from 'lru-cache';
import { SharedCache } from '../../src/index.ts';
import { oursNear, twoLruCaches } from './near.ts';
import type { Subject, SubjectSetup } from './subject.ts';

v8.setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collect();
  const { used_heap_size, external_memory } = v8.getHeapStatistics();
  return used_heap_size + external_memory;
}

type Compression = 'lz4' | 'none';

function openOurs<T>(setup: SubjectSetup, values: 'bytes' | 'string', compression: Compression) {
  const { zoneBytes: maxSize, handle, ttl } = setup;
  if (handle) return SharedCache.attach<T>(handle);
  // T is what the caller knows of `values`.
  const options = { maxSize, values: values as 'json', compression, ...(ttl ? { ttl } : {}) };
  return new SharedCache<T>(options);
}

function faceOf<T>(cache: SharedCache<T>) {
  const taken = () => {
    const { pages, freePages } = cache.arena.report();
    return (pages - freePages) * 4096;
  };
  const before = taken();
  return {
    has: (key: string) => cache.has(key),
    clear: () => cache.clear(),
    size: () => cache.size,
    usedBytes: () => taken() - before,
    close: () => cache[Symbol.dispose](),
  };
}

function ours(setup: SubjectSetup, compression: Compression): Subject {
  const cache = openOurs<Uint8Array>(setup, 'bytes', compression);
  return {
    ...faceOf(cache),
    read: (key, target) => cache.getInto(key, target) ?? -1,
    get: (key) => cache.get(key),
    set: (key, value) => void cache.set(key, value),
  };
}

function oursOfStrings(setup: SubjectSetup): Subject {
  const cache = openOurs<string>(setup, 'string', 'lz4');
  return {
    ...faceOf(cache),
    read: () => -1,
    get: (key) => cache.get(key),
    set: (key, value) => void cache.set(key, value.toString('latin1')),
  };
}

function inHeap<V>(
  max: number,
  ttl = 0,
): [LRUCache<string, V & {}>, Omit<Subject, 'set' | 'get' | 'read'>] {
  const before = heapBytes();
  const cache = new LRUCache<string, V & {}>({ max, ttl });
  const face = {
    has: (key: string) => cache.has(key),
    clear: () => cache.clear(),
    size: () => cache.size,
    usedBytes: () => heapBytes() - before,
    close: () => cache.clear(),
  };
  return [cache, face];
}

function lruCache({ entries, ttl }: SubjectSetup): Subject {
  const [cache, face] = inHeap<Buffer>(entries, ttl);
  return {
    ...face,
    read: (key, target) => {
      const value = cache.get(key);
      return value === undefined ? -1 : value.copy(target);
    },
    get: (key) => {
      const value = cache.get(key);
      return value && new Uint8Array(value);
    },
    set: (key, value) => void cache.set(key, Buffer.from(value)),
  };
}

function lruCacheOfStrings({ entries, ttl }: SubjectSetup): Subject {
  const [cache, face] = inHeap<string>(entries, ttl);
  return {
    ...face,
    read: () => -1,
    get: (key) => cache.get(key),
    set: (key, value) => void cache.set(key, value.toString('latin1')),
  };
}

/** A database in files; `getBinaryFast` hands out its own buffer until the next call. */
function lmdb(setup: SubjectSetup, compression: boolean): Subject {
  const database: RootDatabase<Buffer, string> = open({
    path: `${setup.folder}/${compression ? 'lz4' : 'plain'}`,
    encoding: 'binary',
    compression,
    noSync: true,
    mapSize: setup.zoneBytes * 2,
  });
  return {
    read: (key, target) => {
      const value = database.getBinaryFast(key);
      return value === undefined ? -1 : value.copy(target, 0, 0, value.length);
    },
    get: (key) => database.getBinary(key),
    has: (key) => database.doesExist(key),
    set: (key, value) => void database.putSync(key, value),
    clear: () => database.clearSync(),
    size: () => database.getKeysCount(),
    usedBytes: () => 0,
    close: () => void database.close(),
  };
}

/** Holds nothing: how long the machine itself keeps a thread from running. */
const nothing = (): Subject => ({
  read: () => 0,
  get: () => '',
  has: () => true,
  set: () => {},
  clear: () => {},
  size: () => 0,
  usedBytes: () => 0,
  close: () => {},
});

export const subjects: Record<string, (setup: SubjectSetup) => Subject> = {
  'pageless raw': (setup) => ours(setup, 'none'),
  'pageless lz4': (setup) => ours(setup, 'lz4'),
  'pageless strings': oursOfStrings,
  'pageless near': oursNear,
  'two lru-caches': twoLruCaches,
  'lru-cache': lruCache,
  'lru-cache of strings': lruCacheOfStrings,
  lmdb: (setup) => lmdb(setup, false),
  'lmdb lz4': (setup) => lmdb(setup, true),
  'idle spinner': nothing,
  'keys alone': () => ({ ...nothing(), read: (key) => key.charCodeAt(key.length - 1) }),
};
