/**
 * What the caches under measurement hold, and in which order it is asked for.
 *
 *   keys     built fresh for each operation, as a program builds them: no side profits from a text
 *            that it has hashed before
 *   values   JSON texts of about 1 KiB as an API might return them, or bytes of a given length,
 *            from a pool, so that making them is not measured
 *   order    uniform, or Zipf with exponent 0.99 (as YCSB): entry of rank r with weight r^−0.99.
 *            Ranks are scattered over the ids, so that the popular ones are no neighbours
 */

import { Buffer } from 'node:buffer';
import { numbersFrom } from '../../test/support/numbers.ts';

export type Order = 'uniform' | 'zipf';

/** Values in the pool: 4 MiB at most, as many as a processor cannot learn by heart. */
export const POOL = 1024;
const EXPONENT = 0.99;

/** 12 to 20 bytes for ids below 10^9. */
export function keyOf(id: number): string {
  return `user:${id}:entry`;
}

/** No key of `keyOf`, and as long. */
export function missingKeyOf(id: number): string {
  return `user:${id}:enter`;
}

const words = 'amber birch cedar delta ember fjord grove heron inlet jetty kiln larch'.split(' ');

/** A JSON text of 900 to 1,150 bytes. */
function makeJson(id: number, random: (below: number) => number): Buffer {
  const word = () => words[random(words.length)];
  const items = Array.from({ length: 9 }, (_, i) => ({
    sku: `SKU-${random(1e6)}`,
    title: `${word()} ${word()} ${word()}`,
    quantity: random(20),
    price: random(100_000) / 100,
    tags: [word(), words[i % words.length]],
  }));
  const user = { id, name: `${word()}.${word()}`, active: random(2) === 1 };
  return Buffer.from(JSON.stringify({ id, user, createdAt: 1.7e12 + random(1e9), items }));
}

/** A pool of JSON texts, or of random bytes, `least` to `most` of them. */
export function valuePool(bytes: 'json' | [least: number, most: number]): Buffer[] {
  const random = numbersFrom(1);
  return Array.from({ length: POOL }, (_, i) => {
    if (bytes === 'json') return makeJson(i, random);
    const length = bytes[0] + random(bytes[1] - bytes[0] + 1);
    const value = Buffer.alloc(length);
    for (let at = 0; at < length; at++) value[at] = random(256);
    return value;
  });
}

/** So many ids below `entries` in the order in which they are asked for. */
export function idsIn(order: Order, entries: number, length: number): Uint32Array {
  const random = numbersFrom(7);
  const next = order === 'uniform' ? () => random(entries) : zipf(entries, random);
  return Uint32Array.from({ length }, next);
}

/** Draws by search in the summed weights. */
function zipf(entries: number, random: (below: number) => number): () => number {
  const sums = new Float64Array(entries);
  let sum = 0;
  for (let rank = 0; rank < entries; rank++) sums[rank] = sum += (rank + 1) ** -EXPONENT;
  const scattered = Uint32Array.from({ length: entries }, (_, i) => i);
  for (let i = entries - 1; i > 0; i--) {
    const other = random(i + 1);
    [scattered[i], scattered[other]] = [scattered[other]!, scattered[i]!];
  }
  return () => {
    const drawn = (random(2 ** 31) / 2 ** 31) * sum;
    let lo = 0;
    for (let hi = entries - 1; lo < hi; ) {
      const middle = (lo + hi) >> 1;
      if (sums[middle]! < drawn) lo = middle + 1;
      else hi = middle;
    }
    return scattered[lo]!;
  };
}
