/**
 * Scenarios of a number that is added to and cleared while a third thread does something else to
 * it, or to the index: what comes of it is what the calls would come to one after the other.
 */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import type { Body, Machine } from '../engine/index.ts';
import type { KernelScenario } from '../kernel-model.ts';
import { clear, load, makeCache, NOW, nameNext, remove, set, VALUE_BYTES, word } from './cache.ts';
import { BEFORE, textIn } from './conditions.ts';

const WANTED = facts.GET_COUNTED | facts.GET_NEAR;
/** What each thread adds. */
const ADDED = [1, 2, 4];

/** As the library: again as long as others change the line. @returns the sum that it is told */
const increment: Body = async (thread) => {
  let failure: unknown;
  do {
    thread.callNow('nameTimes', 0, 0, 0, facts.KEEPS_TIMES);
    failure = await thread.call('increment', 4, ADDED[thread.index]!, 0, NOW);
  } while (failure === facts.ERR_UNMET);
  assert.equal(failure, 0);
  return thread.callNow('incremented');
};
const evict: Body = (thread) => thread.call('sweepInCall', 1);

/** What the third thread keeps near: a number, and the note that it was read at. */
let kept: { number: number; note: number[] } | undefined;

const keep: Body = async (thread, machine) => {
  const bytes = (await thread.call('get', 4, NOW, WANTED)) as number;
  const note = [0, 1, 2, 3, 4].map((which) => thread.callNow('nearNote', which) as number);
  if (bytes < 0 || note[2] === facts.NOWHERE) return;
  kept = { number: textIn(machine, thread, bytes), note };
};

/** What the key has at the end; undefined: nothing. */
function numberOf(machine: Machine): number | undefined {
  const { main } = machine;
  nameNext(machine, main, word('k'));
  const bytes = main.callNow('get', 4, NOW, 0) as number;
  return bytes < 0 ? undefined : textIn(machine, main, bytes);
}

/** `k` is a count of BEFORE, there are others, and the third thread's next call is about `own`. */
function makeNumber(many: number, others: string, own: string): (machine: Machine) => void {
  return (machine) => {
    const { main, threads } = machine;
    for (const thread of [main, ...threads]) thread.callNow('setMany', many);
    makeCache(...threads.map(() => 'k'))(machine);
    for (const key of others) {
      load(machine, main, key, key);
      assert.equal(main.callNow('set', 4, VALUE_BYTES, 1, 0), 0);
    }
    nameNext(machine, main, word('k'));
    assert.equal(main.callNow('remove', 4), 1);
    main.callNow('nameTimes', 0, 0, 0, facts.KEEPS_TIMES);
    assert.equal(main.callNow('increment', 4, BEFORE, 0, NOW), 0);
    if (threads.length > 2) load(machine, threads[2]!, own, own);
  };
}

/**
 * Whether the additions of these threads come to the sums that they were told and to what is left,
 * one after the other, if the number goes in between: once at least if `isCleared`. Who was killed
 * has added or not.
 */
function isExplained(
  machine: Machine,
  adding: readonly number[],
  isCleared: boolean,
  state: number | undefined,
): boolean {
  const { results, killed } = machine;
  const isOver = !isCleared && adding.every((thread) => killed.includes(thread));
  if (isOver && state === numberOf(machine)) return true;
  if ((isCleared || state !== undefined) && isExplained(machine, adding, false, undefined)) {
    return true;
  }
  return adding.some((thread) => {
    const sum = (state ?? 0) + ADDED[thread]!;
    if (!killed.includes(thread) && results[thread] !== sum) return false;
    return isExplained(
      machine,
      adding.filter((other) => other !== thread),
      isCleared,
      sum,
    );
  });
}

/** At the end nobody is at it: what holds is what the key has. */
function holdsTruly({ main }: Machine, number: number | undefined): void {
  if (kept === undefined || main.callNow('isNear', 0, ...kept.note) === 0) return;
  assert.equal(kept.number, number, 'stale for ever');
}

function checkSums(adding: readonly number[]): (machine: Machine) => void {
  return (machine) => {
    const { results, killed } = machine;
    const number = numberOf(machine);
    const isSound = isExplained(machine, adding, !killed.includes(1), BEFORE);
    assert.ok(isSound, `sums ${results}, and ${number} is left`);
    holdsTruly(machine, number);
  };
}

/** What the third thread does: its name, entries a leaf, other keys, the one it is about. */
const others: [name: string, many: number, keys: string, own: string, Body][] = [
  ['evict', 400, '', 'k', evict],
  ['split', 1, '', 'z', set],
  ['merge', 1, 'mz', 'z', remove],
  ['increment', 400, '', 'k', increment],
  ['near', 400, '', 'k', keep],
];

const scenario: Pick<KernelScenario, 'module' | 'before' | 'stepLimit'> = {
  module: 'test',
  stepLimit: 60_000,
  before: () => {
    kept = undefined;
  },
};

export const countingScenarios: KernelScenario[] = [
  ...others.map(
    ([name, many, keys, own, body]): KernelScenario => ({
      ...scenario,
      name: `increment-clear-${name}`,
      rule: `what is added to, and cleared beside one more ${name}, has a sum of some order`,
      bound: 1,
      prepare: makeNumber(many, keys, own),
      threads: [increment, clear, body],
      check: checkSums(body === increment ? [0, 2] : [0]),
    }),
  ),
  {
    ...scenario,
    name: 'increment-clear-killed-survived',
    rule: 'what is added to and cleared has a sum of some order, though either dies',
    bound: 0,
    kills: 1,
    mustSurvive: true,
    prepare: makeNumber(400, '', 'k'),
    threads: [increment, clear],
    check: checkSums([0]),
  },
];
