/**
 * Values that a program has as objects: near of ours, and two lru-caches of which the first keeps
 * objects and the second bytes, as a program would build it without other threads.
 */
import { LRUCache } from 'lru-cache';
import { SharedCache } from '../../src/index.ts';
import type { Subject, SubjectSetup } from './subject.ts';

/** Objects that a thread keeps. */
const MAX = 10_000;

const rest = { read: () => -1, usedBytes: () => 0 };

export function oursNear(setup: SubjectSetup): Subject {
  const { zoneBytes: maxSize } = setup;
  const cache = new SharedCache<object>({ maxSize, values: 'json', near: { max: MAX } });
  return {
    ...rest,
    get: (key) => cache.get(key) as Uint8Array | undefined,
    has: (key) => cache.has(key),
    set: (key, value) => void cache.set(key, JSON.parse(value.toString())),
    clear: () => cache.clear(),
    size: () => cache.size,
    close: () => cache.close(),
  };
}

export function twoLruCaches({ entries }: SubjectSetup): Subject {
  const near = new LRUCache<string, object>({ max: MAX });
  const far = new LRUCache<string, Buffer>({ max: entries });
  return {
    ...rest,
    get: (key) => {
      const known = near.get(key);
      if (known !== undefined) return known as Uint8Array;
      const bytes = far.get(key);
      if (bytes === undefined) return undefined;
      const value = JSON.parse(bytes.toString());
      near.set(key, value);
      return value;
    },
    has: (key) => far.has(key),
    set: (key, value) => void far.set(key, Buffer.from(value)),
    clear: () => {
      near.clear();
      far.clear();
    },
    size: () => far.size,
    close: () => {},
  };
}
