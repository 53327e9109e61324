/**
 * Values of a history: each has a number of its own, and all the rest follows from that, so that a
 * reader knows whose it is and whether it is whole.
 *
 * Keys below COUNTERS hold numbers, the value's own, and are incremented; all others hold pairs of
 * the number and a text, some of several blocks. Those from SPACED on are in a namespace, where
 * they have the names of others that are not.
 */
import type { SetOptions } from '../../src/index.ts';
import { hasTag, NO_VALUE } from './key-model.ts';
import { TTL } from './time-model.ts';

export const COUNTERS = 8;
const SPACED = 16;
/** A worker's values: even numbers from its own on. Increments come in between. */
const PER_VALUE = 64;
const PER_WRITER = 2 ** 21;
/** Within a value's number: that it has the tag, that it expires. */
const [TAGGED, TIMED] = [1, 2];
export const TAG = 'odd';
export const SPACE = 'space';

export const isCounter = (key: number): boolean => key < COUNTERS;
export const isSpaced = (key: number): boolean => key >= SPACED;
export const keyOf = (key: number): string =>
  `key ${isSpaced(key) ? key - SPACED + COUNTERS : key}`;

export interface Kept {
  isTagged: boolean;
  isTimed: boolean;
}

/** The number of a writer's value. */
export function valueNumber(writer: number, sequence: number, kept: Kept): number {
  const isKept = (kept.isTagged ? TAGGED : 0) + (kept.isTimed ? TIMED : 0);
  return writer * PER_WRITER + sequence * PER_VALUE + isKept;
}

/** Whether a value that is no counter's expires. */
export const isTimedValue = (number: number): boolean => (number & TIMED) !== 0;

function textOf(number: number): string {
  const mixed = Math.imul((number / PER_VALUE) | 0, 0x9e3779b1) >>> 0;
  const size = mixed % 100;
  if (size < 70) return 'a'.repeat(mixed % 300);
  if (size < 97) return `${mixed},`.repeat(mixed % 400);
  return `${mixed};`.repeat(7000 + (mixed % 5000));
}

/** The value of that number for the key. */
export function makeValue(key: number, number: number): unknown {
  return isCounter(key) ? number : [number, textOf(number)];
}

/** The value's number, 0 if there is none. Throws if it is not whole. */
export function numberOf(key: number, value: unknown): number {
  if (value === undefined) return NO_VALUE;
  if (isCounter(key)) {
    if (typeof value === 'number') return value;
  } else if (Array.isArray(value) && value.length === 2 && typeof value[0] === 'number') {
    if (value[1] === textOf(value[0])) return value[0];
  }
  throw new Error(`the value of key ${key} is torn: ${JSON.stringify(value)?.slice(0, 300)}`);
}

/** With what a key's value of that number is set. */
export function optionsOf(key: number, number: number): SetOptions {
  const ttl = !isCounter(key) && isTimedValue(number) ? { ttl: TTL } : {};
  return { tags: hasTag(number) ? [TAG] : [], ...ttl };
}

/** Keys that nobody looks at, with their values: 8 MiB in all. */
export const FILLERS = 3000;
export const fillerOf = (i: number): [key: string, value: string] => [
  `filler ${i}`,
  `${i}`.repeat(1 + ((i * 7) % 1500)),
];
