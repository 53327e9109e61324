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

/** Frees the last three objects, and lets them ripen and go. */
const freeLast: Body = async (thread) => {
  for (const handle of handles.slice(-3)) await thread.call('zsFree', pool, handle);
  await thread.call('zsCompactBegin');
};

export const objectDeathScenarios: KernelScenario[] = [
  {
    name: 'object-free-free-killed',
    bound: 1,
    kills: 1,
    mustSurvive: true,
    prepare: makeObjects(2),
    threads: [free, free],
  },
  {
    // Several objects of one zspage are released under one lock.
    name: 'object-release-killed',
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
    // A pattern's second cell is somebody's at each step.
    name: 'object-pattern-killed',
    bound: 0,
    kills: 1,
    mustSurvive: true,
    prepare: makePatterns,
    threads: [overwritePattern, free],
  },
  {
    // Likewise.
    name: 'object-compact-compact-killed',
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
    bound: 0,
    kills: 1,
    mustSurvive: true,
    stepLimit: 30_000,
    prepare: makeHoles(3, [2]),
    threads: [compact, free],
    check: isOneOf('a-'),
  },
];
