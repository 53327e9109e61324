/**
 * Room: what a cache drives out for new values when its pages are full of something else.
 *
 *   shift   values of one size until it is full, then of another one: an eighth of its size
 *   holes   values of 100 bytes, of which nine in ten, at random, were deleted, have expired or
 *           were overwritten by 8 bytes; then half its size of values of 1,000 bytes, for which
 *           there is room if what is left moves together
 */

import { SharedCache } from '../../src/index.ts';
import { numbersFrom } from '../../test/support/numbers.ts';
import type { Result, Suite } from '../suite.ts';
import { isWanted } from './fleet.ts';
import { keyOf } from './values.ts';

const MIB = 2 ** 20;
const TTL = 1000;

export type Hole = 'deleted' | 'expired' | 'overwritten';

export interface Room {
  /** Bytes driven out for each byte that came. */
  out: number;
  /** Objects moved for each KiB that came. */
  moved: number;
  refusals: number;
}

/** Sets new values of `size` bytes, some `bytes` in all. */
function fill(cache: SharedCache, size: number, bytes: number): Omit<Room, 'out'> & { in: number } {
  const value = new Uint8Array(size).fill(7);
  const { kernel } = cache.arena;
  const before = kernel.packedObjects();
  let added = 0;
  for (; added < bytes; added += size) cache.set(`new:${added}`, value);
  const moved = (kernel.packedObjects() - before) / (added / 1024);
  cache.arena.check();
  return { in: added, moved, refusals: cache.stats().refusals };
}

/** A cache full of values of `from` bytes; then others come. */
export function shift(maxSize: number, from: number, to: number): Room {
  using cache = new SharedCache({ maxSize, compression: 'none' });
  const value = new Uint8Array(from);
  const held = () => cache.stats().keyBytes + cache.stats().valueBytes;
  for (let id = 0; id * from < maxSize * 1.2; id++) cache.set(keyOf(id), value);
  const before = held();
  const room = fill(cache, to, maxSize / 8);
  return { ...room, out: (before + room.in - held()) / room.in };
}

/** A cache full of holes; `out` counts what lives. */
export function holes(maxSize: number, kind: Hole): Room {
  let now = 0;
  using cache = new SharedCache({ maxSize, compression: 'none', now: () => now });
  const value = new Uint8Array(100);
  const random = numbersFrom(1);
  const living: string[] = [];
  const others: string[] = [];
  for (let id = 0; id < maxSize / 210; id++) {
    const isOther = random(10) !== 0;
    (isOther ? others : living).push(keyOf(id));
    cache.set(keyOf(id), value, { ttl: isOther && kind === 'expired' ? TTL : 0 });
  }
  if (kind === 'expired') now += TTL;
  else if (kind === 'deleted') for (const key of others) cache.delete(key);
  else for (const key of others) cache.set(key, value.subarray(0, 8));
  const room = fill(cache, 1000, maxSize / 2);
  const gone = living.filter((key) => !cache.has(key)).length;
  return { ...room, out: (gone * value.length) / room.in };
}

const shifts: [name: string, from: number, to: number][] = [
  ['evict-shift', 100, 4096],
  ['evict-shift-300b-60k', 300, 60_000],
  ['evict-shift-2k-3k', 2000, 3000],
];

/** What is driven out for new values, and what is moved for them. */
export const rooms: Suite = async (options) => {
  const maxSize = (options.isTiny ? 4 : 256) * MIB;
  const results: Result[] = [];
  const add = (name: string, { out, moved }: Room) => {
    results.push({ name, value: out, unit: 'bytes out for each in' });
    results.push({ name: `${name}-moved`, value: moved, unit: 'objects for each KiB in' });
  };
  for (const [name, from, to] of shifts) {
    if (isWanted(options, name)) add(name, shift(maxSize, from, to));
  }
  for (const kind of ['deleted', 'expired', 'overwritten'] as const) {
    if (isWanted(options, `evict-${kind}`)) add(`evict-${kind}`, holes(maxSize, kind));
  }
  return results;
};
