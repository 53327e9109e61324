/**
 * Packing: entries of the cache move together while others read, overwrite and delete them, and
 * whoever moves them may die. Two keys lie in zspages of their own, of which one is emptied into
 * the other.
 */
import assert from 'node:assert/strict';
import type { Body, Machine } from '../engine/index.ts';
import type { KernelScenario } from '../kernel-model.ts';
import { load, makeCache, read, remove, set, VALUE_BYTES } from './cache.ts';
import { expectLeft, warmUp } from './store-deaths.ts';

/** Moves what can be moved, for a page. */
export const pack: Body = (thread) => thread.call('packInCall', 1);

/** Nobody owns a zspage any more. Main's was given up last, so that it is emptied first. */
export function giveUpZspages({ main, threads }: Machine): void {
  for (const thread of [...threads, main]) thread.callNow('zsCompactBegin');
}

/**
 * "k" of the main thread and "x" and "y" of another one, in two zspages that nobody owns any more.
 */
function makeTwoZspages(machine: Machine): void {
  const { main, threads } = machine;
  const other = threads[0]!;
  makeCache(...threads.map(() => 'k'))(machine);
  warmUp(machine);
  for (const key of ['x', 'y']) {
    load(machine, other, key, key);
    assert.equal(other.callNow('set', 4, VALUE_BYTES, 1, 0), 0);
  }
  giveUpZspages(machine);
  for (const [i, thread] of threads.entries()) load(machine, thread, 'k', 'bcd'[i]!);
  assert.equal(main.callNow('zsPages'), 2);
}

function expectPacked(allowed: string): (machine: Machine) => void {
  return (machine) => {
    const { main, results, killed } = machine;
    if (killed.length === 0 && results.length === 1) {
      assert.equal(main.callNow('zsPages'), 1, 'the two zspages were not made one');
    }
    expectLeft('xy', 'k', allowed)(machine);
  };
}

/** Who else is there, and what the key may have in the end. */
const pairs: [name: string, body: Body, allowed: string, rule: string][] = [
  ['get', read('a'), 'a', 'a value is found, whole, while it is packed'],
  ['overwrite', set, 'c', 'an overwrite is not undone by the move of the old value'],
  ['delete', remove, '-', 'a value that is deleted while it is packed stays deleted'],
  ['pack', pack, 'a', 'two that pack at once move each object once, and lose none'],
];

export const packScenarios: KernelScenario[] = [
  {
    name: 'pack-killed-survived',
    rule: 'who dies packing leaves every entry in one place, and readable',
    module: 'test',
    bound: 1,
    kills: 1,
    mustSurvive: true,
    stepLimit: 60_000,
    prepare: makeTwoZspages,
    threads: [pack],
    check: expectPacked('a'),
  },
  ...pairs.map(
    ([name, body, allowed, rule]): KernelScenario => ({
      name: `pack-${name}`,
      rule,
      module: 'test',
      bound: 2,
      stepLimit: 60_000,
      prepare: makeTwoZspages,
      threads: [pack, body],
      check: expectPacked(allowed),
    }),
  ),
];
