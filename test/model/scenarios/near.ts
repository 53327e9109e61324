/**
 * Scenarios of what a thread keeps near: whoever was told that a change is made never sees again
 * what was there before, and what was read while a change was under way is not kept for ever.
 */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import type { Body, Machine } from '../engine/index.ts';
import type { KernelScenario } from '../kernel-model.ts';
import {
  clear,
  letterIn,
  load,
  makeCache,
  NOW,
  nameNext,
  reclaim,
  remove,
  set,
  setTagged,
  VALUE_BYTES,
  word,
} from './cache.ts';

const WANTED = facts.GET_COUNTED | facts.GET_NEAR;
const TAG = word('t');
export const EXPIRY = NOW + 10;

/** What thread 0 keeps: the letters, and the note that they were read at. */
let kept: { letter: string; note: number[] } | undefined;
/** Whether the change of thread 1 is made, and its caller knows. */
let isMade = false;

/** Before each execution. */
export function forgetNear(): void {
  kept = undefined;
  isMade = false;
}

/** Reads `k` with a note, and asks once whether it holds. */
export const keep: Body = async (thread, machine) => {
  if (((await thread.call('get', 4, NOW, WANTED)) as number) < 0) return;
  const note = [0, 1, 2, 3, 4].map((which) => thread.callNow('nearNote', which) as number);
  if (note[2] === facts.NOWHERE) return;
  kept = { letter: letterIn(machine, thread), note };
  const wasMade = isMade;
  const isNear = await thread.call('isNear', 0, ...note);
  if (wasMade && isNear === 1) assert.notEqual(kept.letter, 'a', 'a stale hit');
};

/** Makes a change, and says so. */
export function change(...steps: Body[]): Body {
  return async (thread, machine) => {
    for (const step of steps) await step(thread, machine);
    isMade = true;
  };
}

/** Puts another key into the scratch. */
export function key(letter: string): Body {
  return async (thread, machine) => nameNext(machine, thread, word(letter));
}

export const evict: Body = (thread) => thread.call('sweepInCall', 1);
const deleteTag: Body = (thread) => thread.call('deleteTag', 4);
const tellTime: Body = (thread) => thread.call('tellTime', EXPIRY);
/** Takes it out as well. */
export const expire: Body = (thread) => thread.call('get', 4, EXPIRY, 0);

/** `k` = a, in leaves of which one with two entries is full. */
function makeNear(machine: Machine): void {
  for (const thread of [machine.main, ...machine.threads]) thread.callNow('setMany', 1);
  makeCache('k', 'k')(machine);
}

/** The same with a second leaf, which goes when the other key does. */
export function makeTwoLeaves(machine: Machine): void {
  makeNear(machine);
  const { main } = machine;
  for (const letter of ['m', 'z']) {
    load(machine, main, letter, letter);
    assert.equal(main.callNow('set', 4, VALUE_BYTES, 1, 0), 0);
  }
}

function makeExpiring(machine: Machine): void {
  makeNear(machine);
  const { main } = machine;
  load(machine, main, 'k', 'a');
  assert.equal(main.callNow('set', 4, VALUE_BYTES, 1, EXPIRY), 0);
}

function makeTagged(machine: Machine): void {
  makeNear(machine);
  const { main, threads } = machine;
  load(machine, main, 'k', 'a');
  setTagged(machine, TAG);
  nameNext(machine, threads[1]!, TAG);
}

/** Nothing of `k` is changed, but where it is. */
const splitAndReuse: Body = async (thread, machine) => {
  await key('z')(thread, machine);
  await set(thread, machine);
  await reclaim(thread);
  await thread.call('allocPages', 0, 1);
};

/** At the end nobody is at it: what holds is what the key has. */
export function holdsTruly(machine: Machine): void {
  if (kept === undefined) return;
  const { main } = machine;
  nameNext(machine, main, word('k'));
  if (main.callNow('isNear', 0, ...kept.note) === 0) return;
  assert.ok((main.callNow('get', 4, NOW, 0) as number) >= 0, 'what is gone is near for ever');
  assert.equal(kept.letter, letterIn(machine, main), 'stale for ever');
}

const changes: [name: string, make: (machine: Machine) => void, ...Body[]][] = [
  ['set', makeNear, set],
  ['delete', makeNear, remove],
  ['clear', makeNear, clear],
  ['evict', makeNear, evict],
  ['expire', makeExpiring, expire],
  ['time', makeExpiring, tellTime],
  ['tag', makeTagged, deleteTag],
  ['delete-set', makeNear, remove, set],
  ['split', makeNear, key('z'), set, key('k'), set],
  ['merge', makeTwoLeaves, key('z'), remove, key('k'), set],
];

const SHORT = 7;

const scenario: Pick<KernelScenario, 'module' | 'before' | 'check' | 'stepLimit'> = {
  module: 'test',
  stepLimit: 60_000,
  before: forgetNear,
  check: holdsTruly,
};

export const nearScenarios: KernelScenario[] = [
  ...changes.map(
    ([name, prepare, ...steps]): KernelScenario => ({
      ...scenario,
      name: `near-${name}`,
      rule: `of a value kept near and a ${name}: once made, what was before is never seen`,
      bound: 2,
      prepare,
      threads: [keep, change(...steps)],
    }),
  ),
  // Those that are short: where the index dies is what store-deaths.ts is for.
  ...changes.slice(0, SHORT).map(
    ([name, prepare, ...steps]): KernelScenario => ({
      ...scenario,
      name: `near-${name}-killed-survived`,
      rule: `of a value kept near and a ${name} either may die: what is near is what the key has`,
      bound: 0,
      kills: 1,
      killable: name === 'set' ? [1] : [0, 1],
      mustSurvive: true,
      prepare,
      threads: [keep, change(...steps)],
    }),
  ),
  {
    // The old leaf's page is somebody else's by the time of the hit.
    ...scenario,
    name: 'near-split-reuse',
    rule: 'a near hit reads no page that is somebody else’s by now',
    bound: 2,
    prepare: makeNear,
    threads: [keep, splitAndReuse],
  },
];
