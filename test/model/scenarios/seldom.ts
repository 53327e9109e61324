/**
 * Scenarios of what is seldom met: a bucket that is full, a line that runs over, an index that
 * grows and shrinks within a look, a page that is asked about while it is pinned.
 */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import { wordOfSlot } from '../../support/structures.ts';
import type { Body, Machine } from '../engine/index.ts';
import { geometryOf } from '../geometry.ts';
import { type KernelScenario, type ModelFolio, newFolio } from '../kernel-model.ts';
import { slotOf } from '../places.ts';
import {
  makeCache,
  makeLongValue,
  NOW,
  nameNext,
  read,
  reclaim,
  remove,
  set,
  VALUE_BYTES,
} from './cache.ts';
import { pinAndPut } from './folio-steps.ts';
import { NEVER } from './leases.ts';

const BUCKET_LEASES = 7;

function hashOf(machine: Machine, key: number): number {
  nameNext(machine, machine.main, key);
  return (machine.main.callNow('keyHash', 4) as number) >>> 0;
}

/** So many keys of which `isIt` is true. */
function keysSuchThat(count: number, isIt: (key: number) => boolean): number[] {
  const keys: number[] = [];
  for (let key = 1; keys.length < count; key++) if (isIt(key)) keys.push(key);
  return keys;
}

/** Main computes as many keys as a bucket has leases; the threads want another one of it. */
function fillBucket(machine: Machine): void {
  const { main, threads } = machine;
  makeCache('k', 'k')(machine);
  const buckets = (facts.PAGE_BYTES * 4 - 1024) / 512;
  const bucketOf = (key: number): number => Math.floor((hashOf(machine, key) * buckets) / 2 ** 32);
  const bucket = bucketOf(1);
  const keys = keysSuchThat(BUCKET_LEASES + 1, (key) => bucketOf(key) === bucket);
  for (const key of keys.slice(1)) {
    nameNext(machine, main, key);
    assert.ok((main.callNow('beginLease', 4, NOW, NEVER, 0) as number) >= 0);
  }
  for (const thread of threads) nameNext(machine, thread, keys[0]!);
}

const findFull: Body = async (thread) => {
  assert.equal(await thread.call('beginLease', 4, NOW, NEVER, 0), facts.ERR_FULL);
};

/** Keys of one line, which is full but for two of them. */
let keys: number[] = [];

function fillLine(machine: Machine): void {
  const { main } = machine;
  makeCache('k', 'k')(machine);
  const homeOf = (key: number): number =>
    ((hashOf(machine, key) >>> 20) * geometryOf('HOMES')) >> 12;
  const home = homeOf(1);
  keys = keysSuchThat(geometryOf('LINE_CELLS') + 2, (key) => homeOf(key) === home);
  for (const key of keys.slice(2)) {
    nameNext(machine, main, key);
    assert.equal(main.callNow('set', 4, VALUE_BYTES, 1, 0), 0);
  }
}

/** One key is there and one is not, whatever becomes of the line. */
const look: Body = async (thread, machine) => {
  nameNext(machine, thread, keys[0]!);
  assert.equal(await thread.call('has', 4, NOW), 0);
  nameNext(machine, thread, keys[2]!);
  assert.equal(await thread.call('has', 4, NOW), 1);
};

const runOver: Body = async (thread, machine) => {
  nameNext(machine, thread, keys[1]!);
  assert.equal(await thread.call('set', 4, VALUE_BYTES, 1, 0), 0);
};

/** More than there is: when the queues are empty the hand goes round. */
const evictAll: Body = (thread) => thread.call('sweepInCall', 2 ** 20);

/** Leaves of one entry: each that is set splits one. */
function makeSmallLeaves(machine: Machine): void {
  for (const thread of [machine.main, ...machine.threads]) thread.callNow('setMany', 1);
  makeCache('k', 'z')(machine);
}

const lookForAbsent: Body = async (thread, machine) => {
  nameNext(machine, thread, 1);
  assert.equal(await thread.call('has', 4, NOW), 0);
};

let folio: ModelFolio;

/** Thread 0 evacuates the page of a folio that main has pinned. */
function pinForGood({ main, threads }: Machine): void {
  folio = newFolio(main);
  assert.equal(threads[0]!.callNow('beginEvacuation', folio.pfn, 1), 0);
  assert.equal(main.callNow('pinFolio', folio.name), folio.id);
}

const askWhy: Body = async (thread) => {
  await thread.call('compactStep');
  return thread.call('whyHeld', folio.pfn);
};

const pinOnce: Body = (thread) => pinAndPut(thread, 'pinFolio', folio.name);

/** A value of two blocks is read, taken out, and its cell is another's with the same generation. */
const readOnComeRound: Body = async (thread, machine) => {
  const generations = 2 ** geometryOf('GENERATION_BITS');
  const life = (at: number): number => machine.load(at) % (8 * generations);
  const seen = wordOfSlot(slotOf(thread.index), 'readSeen');
  const isReborn = () =>
    life(machine.load(wordOfSlot(slotOf(thread.index), 'readCell'))) === life(seen);
  assert.ok(((await thread.call('get', 4, NOW, 1)) as number) > VALUE_BYTES);
  await remove(thread, machine);
  for (let i = 0; i < 4; i++) await reclaim(thread);
  const epoch = machine.load(facts.RCU_STATE);
  const generation = (machine.load(seen) >>> 3) % generations;
  machine.store(facts.RCU_STATE, epoch + ((generation - epoch) & (generations - 1)));
  for (let key = 1; key < 40 && !isReborn(); key++) {
    nameNext(machine, thread, key);
    await set(thread, machine);
  }
  assert.ok(isReborn(), 'its cell looks as it was seen');
  assert.equal(await thread.call('getMore'), facts.ERR_RESTART);
};

export const seldomScenarios: KernelScenario[] = [
  {
    name: 'lease-full',
    rule: 'who finds no lease in a bucket that is full keeps nobody else from it',
    module: 'test',
    bound: 1,
    prepare: fillBucket,
    threads: [findFull, findFull],
  },
  {
    name: 'line-runs-over',
    rule: 'who looks for a key while its line runs over finds what is there, and nothing else',
    bound: 1,
    prepare: fillLine,
    threads: [look, runOver],
    check: ({ main }) => assert.equal(main.callNow('entryCount'), geometryOf('LINE_CELLS') + 2),
  },
  {
    name: 'absent-split',
    module: 'test',
    rule: 'a key that nobody has set is not found while its leaf splits',
    bound: 1,
    prepare: makeSmallLeaves,
    threads: [lookForAbsent, set],
  },
  {
    name: 'get-grow',
    rule: 'a key is found while the index grows for many that will come',
    module: 'test',
    bound: 1,
    prepare: makeCache('k', 'k'),
    threads: [(thread) => thread.call('growIndexFor', 600), read('a')],
  },
  {
    name: 'held-pin',
    rule: 'a page of a folio that is pinned for good is said to be pinned, whoever else pins it',
    bound: 1,
    prepare: pinForGood,
    threads: [askWhy, pinOnce],
    check: ({ results }) => assert.equal(results[0], facts.REASON_PINNED),
  },
  {
    name: 'sweep-hand',
    rule: 'of two that evict by the hand at once each goes on from where it finds it',
    module: 'test',
    bound: 1,
    prepare: makeCache('k', 'k'),
    threads: [evictAll, evictAll],
    check: ({ main }) => assert.equal(main.callNow('entryCount'), 0),
  },
  {
    name: 'read-on-come-round',
    rule: 'who reads on is told to begin again though the cell has the generation of before',
    bound: 0,
    stepLimit: 60_000,
    prepare: makeLongValue,
    threads: [readOnComeRound],
  },
];
