/**
 * What scenarios of the store are made of: a cache with an entry, and calls that look at values.
 */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import type { Body, Machine, Thread } from '../engine/index.ts';

export const NOW = 1000;
/** Values are raw and of one word's letters, so that a torn or foreign one is seen at once. */
export const VALUE_BYTES = 12;

/** Four times the letter. */
export function word(letter: string): number {
  return letter.charCodeAt(0) * 0x01010101;
}

/** What the thread's next call is about: a key, a tag, or the name of a namespace. */
export function nameNext(machine: Machine, thread: Thread, name: number): void {
  machine.store(thread.callNow('keyScratch') as number, name);
}

/** The letter of the value that a call has put into the thread's scratch. */
export function letterIn(machine: Machine, thread: Thread): string {
  const output = thread.callNow('outputScratch') as number;
  const words = [0, 4, 8].map((at) => machine.load(output + at));
  const letter = String.fromCharCode(words[0]! & 255);
  assert.deepEqual(words, Array(3).fill(word(letter)), 'a torn value');
  return letter;
}

/** What a key has, for everybody, at the end: its letter, or '-'. */
export function letterOf(machine: Machine, key: string, keyBytes = 4): string {
  const { main } = machine;
  nameNext(machine, main, word(key));
  return (main.callNow('get', keyBytes, NOW, 0) as number) < 0 ? '-' : letterIn(machine, main);
}

/** A one-word key and a value of one letter, put into the thread's scratch. */
export function load(machine: Machine, thread: Thread, key: string, letter: string): void {
  const input = thread.callNow('inputScratch') as number;
  nameNext(machine, thread, word(key));
  for (let at = 0; at < VALUE_BYTES; at += 4) machine.store(input + at, word(letter));
}

/** Makes a cache with `keys[0]` = "a", and gives thread i `keys[i]` and the value `b`, `c`, …. */
export function makeCache(...keys: string[]): (machine: Machine) => void {
  return (machine) => {
    const { main, threads } = machine;
    assert.equal(main.callNow('formatStore'), 0);
    for (const thread of [main, ...threads]) assert.equal(thread.callNow('prepare'), 0);
    load(machine, main, keys[0]!, 'a');
    assert.equal(main.callNow('set', 4, VALUE_BYTES, 1, 0), 0);
    for (const [i, key] of keys.entries()) load(machine, threads[i]!, key, 'bcd'[i]!);
  };
}

/** Reads the thread's key; the value must be one of `allowed`, or missing where '' is. */
export function read(allowed: string): Body {
  return async (thread, machine) => {
    const bytes = (await thread.call('get', 4, NOW, 1)) as number;
    if (bytes < 0) {
      assert.ok(allowed.includes('-'), 'a key that is there all the time was not found');
      return '-';
    }
    assert.ok([VALUE_BYTES, LONG_BYTES].includes(bytes));
    const letter = letterIn(machine, thread);
    assert.ok(allowed.includes(letter), `a foreign value: ${letter}`);
    return letter;
  };
}

export const set: Body = (thread) => thread.call('set', 4, VALUE_BYTES, 1, 0);
export const remove: Body = (thread) => thread.call('remove', 4);

/** As the library clears: leaf after leaf, by a cursor. */
export const clear: Body = async (thread) => {
  let cursor = 0;
  while (cursor < 2 ** 32) cursor = (await thread.call('clearNext', cursor, 9)) as number;
};

/** The same at once. */
export function clearNow(thread: Thread): void {
  let cursor = 0;
  while (cursor < 2 ** 32) cursor = thread.callNow('clearNext', cursor, 9) as number;
}

/** Two rounds let a value wait and be freed, so that the next `set` reuses its memory. */
export async function reclaim(thread: Thread): Promise<void> {
  await thread.call('reclaim');
  await thread.call('reclaim');
}

export const overwriteAndReuse: Body = async (thread, machine) => {
  await set(thread, machine);
  await reclaim(thread);
  await set(thread, machine);
};

/** After one round a value is done, and the next `set` takes its place. */
export const overwriteAndRenew: Body = async (thread, machine) => {
  await set(thread, machine);
  await thread.call('reclaim');
  await set(thread, machine);
};

/** What an eviction took out is done, and the next `set` takes its place. */
export const evictAndRenew: Body = async (thread, machine) => {
  await thread.call('sweepInCall', 1);
  await thread.call('keepInCall');
  await set(thread, machine);
};

/** Puts a tag of four letters into the thread's scratch, for `describeNext`. */
export function loadTag(machine: Machine, thread: Thread, tag: number): void {
  const output = thread.callNow('outputScratch') as number;
  // Before a name its length, less one.
  machine.store(output, 3 | ((tag & 0xff_ffff) << 8));
  machine.store(output + 4, tag >>> 24);
}

/** Sets what is loaded in the main thread, with a tag of four letters. */
export function setTagged(machine: Machine, tag: number): void {
  const { main } = machine;
  loadTag(machine, main, tag);
  assert.equal(main.callNow('describeNext', 4, 0, 0, main.callNow('tagClock') as number, 1), 1);
  assert.equal(main.callNow('set', 4, VALUE_BYTES, 1, 0), 0);
}

/** Bytes of a value of two blocks. */
const LONG_BYTES = facts.BLOCK_BYTES + VALUE_BYTES;

/** A value of two blocks under a key; it begins as one of the letter a. */
export function makeLong(machine: Machine, key: string, expiry = 0): void {
  const { main } = machine;
  load(machine, main, key, 'a');
  main.callNow('beginSet', 4, LONG_BYTES, expiry);
  for (const bytes of [facts.BLOCK_BYTES, VALUE_BYTES]) {
    assert.equal(main.callNow('appendSet', bytes, 1), 0);
  }
  assert.equal(main.callNow('commitSet'), 0);
}

/** The same under the key of all threads. */
export function makeLongValue(machine: Machine): void {
  makeCache(...machine.threads.map(() => 'k'))(machine);
  makeLong(machine, 'k');
}

/** Reads a value of two blocks, in two calls. */
export const readLong: Body = async (thread) => {
  const bytes = (await thread.call('get', 4, NOW, 1)) as number;
  if (bytes < 0) return;
  const more = (await thread.call('getMore')) as number;
  const allowed = bytes === VALUE_BYTES ? [facts.ERR_RESTART] : [VALUE_BYTES, facts.ERR_RESTART];
  assert.ok(allowed.includes(more), `the second block of ${bytes} bytes has ${more}`);
};
