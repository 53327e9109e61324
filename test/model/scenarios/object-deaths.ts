/** Scenarios of objects whose threads are killed at each step; what they left is repaired. */
import type { Body } from '../engine/index.ts';
import type { KernelScenario } from '../kernel-model.ts';
import {
  compact,
  free,
  freeAndReuse,
  handles,
  isOneOf,
  LARGE,
  makeHoles,
  makeObjects,
  makePatterns,
  overwrite,
  overwritePattern,
  pool,
} from './objects.ts';

/** Frees the last three objects, and lets them wait and go. */
const freeLast: Body = async (thread) => {
  for (const handle of handles.slice(-3)) await thread.call('zsFree', pool, handle);
  await thread.call('zsCompactBegin');
};

export const objectDeathScenarios: KernelScenario[] = [
  {
    name: 'object-free-free-killed',
    rule: 'of two frees of an object one wins, and if that one dies the object goes all the same',
    bound: 1,
    kills: 1,
    mustSurvive: true,
    prepare: makeObjects(2),
    threads: [free, free],
  },
  {
    name: 'object-release-killed',
    rule: 'of several objects that go under one lock each goes once, wherever the death is',
    bound: 0,
    kills: 1,
    killable: [0],
    mustSurvive: true,
    stepLimit: 30_000,
    prepare: makeObjects(4),
    threads: [freeLast, freeAndReuse],
    check: isOneOf('-'),
  },
  {
    // Both do the same: it does not matter which of them dies.
    name: 'object-overwrite-killed',
    rule: 'who dies overwriting leaves the old contents or the new, and loses no memory',
    stepLimit: 40_000,
    bound: 0,
    kills: 1,
    killable: [0],
    mustSurvive: true,
    prepare: makeObjects(1),
    threads: [overwrite, overwrite],
    check: isOneOf('abc'),
  },
  {
    name: 'object-pattern-killed',
    rule: "a pattern lies in two cells, of which each is somebody's at each step of a death",
    bound: 0,
    kills: 1,
    mustSurvive: true,
    prepare: makePatterns,
    threads: [overwritePattern, free],
  },
  {
    name: 'object-compact-compact-killed',
    rule: 'who dies moving an object leaves it in one place',
    bound: 0,
    kills: 1,
    killable: [0],
    stepLimit: 30_000,
    prepare: makeHoles(17, [15, 16], LARGE),
    threads: [compact, compact],
    check: isOneOf('a'),
  },
  {
    name: 'object-compact-free-killed',
    rule: 'whoever dies, mover or owner, leaves the object whole or gone',
    bound: 0,
    kills: 1,
    mustSurvive: true,
    stepLimit: 30_000,
    prepare: makeHoles(3, [2]),
    threads: [compact, free],
    check: isOneOf('a-'),
  },
];
