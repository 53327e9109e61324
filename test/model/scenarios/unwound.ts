/**
 * Scenarios of calls that are cut short: what a killed thread leaves so that others can repair it,
 * a thread that lives on repairs itself, at each step.
 */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import type { Body, Machine } from '../engine/index.ts';
import { type KernelScenario, type ModelFolio, newFolio } from '../kernel-model.ts';
import { pinAndPut } from './folio-steps.ts';
import { folioScenarios } from './folios.ts';
import { frameScenarios } from './frames.ts';
import { limboScenarios } from './limbo.ts';
import { migrationScenarios } from './migration.ts';
import { objectDeathScenarios } from './object-deaths.ts';
import { handles, isOneOf, makeObjects, overwrite, pool } from './objects.ts';
import { pageScenarios } from './pages.ts';
import { rcuScenarios } from './rcu.ts';
import { reapScenarios } from './reap.ts';
import { slabScenarios } from './slab.ts';
import { threadScenarios } from './threads.ts';
import { withdrawScenarios } from './withdraw.ts';

/** They say what becomes of what a dead thread's user had: locks and objects between two calls. */
const ofTheDead = [
  ...['lock-unlock-killed', 'lock-three-killed', 'lock-handoff-killed', 'death-told'],
  ...['slab-grow-killed', 'slab-alloc-killed', 'reader-killed-is-given-back'],
];

let kept: ModelFolio;
let other: ModelFolio;
let hasLocked = false;

/** Thread 0 has pinned two folios, and locked the first. */
function pinTwo({ main, threads }: Machine): void {
  kept = newFolio(main, 2);
  other = newFolio(main);
  for (const { name } of [kept, other]) threads[0]!.callNow('pinFolio', name);
  assert.equal(threads[0]!.callNow('lockPage', kept.id), 0);
}

/** The user of thread 0 still has the first, and nobody has the second. */
function checkPins({ main, threads }: Machine): void {
  const user = threads[0]!;
  user.callNow('putPage', other.id);
  assert.equal(main.callNow('freeFolio', other.name), 0);
  assert.equal(user.callNow('unlockPage', kept.id), 0, 'its lock is gone');
  assert.equal(user.callNow('putPage', kept.id), 0, 'its pin is gone');
  for (let pfn = kept.pfn; pfn < kept.pfn + 4; pfn++) {
    const folio = main.callNow('pinPage', pfn) as number;
    if (folio < 0) continue;
    const name = main.callNow('folioName', folio) as number;
    main.callNow('putPage', folio);
    main.callNow('freeFolio', name);
  }
  assert.equal(main.callNow('cacheInUse', facts.CACHE_FOLIO), 0, 'a pin that nobody has');
}

/** Pins a page of the folio that thread 0 works on, and puts it. */
const look: Body = (thread) => pinAndPut(thread, 'pinPage', kept.pfn + 3);

const noThread: Body = async () => {};
const cutShort = { kills: 1, killable: [0], mustSurvive: true, unwinds: true };

function ofOneCall(name: string, rule: string, bound: number, call: Body): KernelScenario {
  return {
    ...{ name, rule, bound, ...cutShort, goOn: async () => {} },
    ...{ prepare: pinTwo, threads: [call, look], check: checkPins },
  };
}

/** The thread goes on with what its user has, or does the same again. */
const ofTheLiving: KernelScenario[] = [
  {
    ...ofOneCall('put-unwound', 'a put that is cut short once it has begun is done', 1, (thread) =>
      thread.call('putPage', other.id),
    ),
    goOn: async (thread, wasInside) => {
      const answer = await thread.call('putPage', other.id);
      if (wasInside) assert.equal(answer, facts.ERR_NOT_YOURS);
    },
  },
  {
    ...ofOneCall('lock-unwound', 'who was cut short taking a lock has none', 1, async (thread) => {
      await thread.call('lockPage', other.id);
      hasLocked = true;
      await thread.call('unlockPage', other.id);
    }),
    before: () => {
      hasLocked = false;
    },
    goOn: async (thread, wasInside) => {
      const answer = await thread.call('lockPage', other.id);
      if (wasInside && !hasLocked)
        assert.equal(answer, 0, 'nobody has it, and it is not to be had');
      await thread.call('unlockPage', other.id);
    },
  },
  ofOneCall(
    'split-unwound',
    'a split that is cut short leaves its caller pin and lock',
    0,
    (thread) => thread.call('splitPage', kept.id, 0),
  ),
  ofOneCall(
    'shrink-unwound',
    'a shrink that is cut short leaves its caller pin and lock',
    0,
    (thread) => thread.call('shrinkPage', kept.id, 1),
  ),
  {
    // It owns no zspage any more, and takes another one.
    ...{ name: 'overwrite-unwound', bound: 0, ...cutShort, stepLimit: 30_000 },
    rule: 'an overwrite that is cut short has happened or not, and can be done again',
    ...{ prepare: makeObjects(1), threads: [overwrite, noThread], check: isOneOf('ab') },
    goOn: (thread) => thread.call('zsOverwrite', pool, handles[0]!, 600),
  },
  {
    ...{ name: 'emptied-unwound', bound: 0, ...cutShort, stepLimit: 30_000 },
    rule: 'who overwrites again after a cut does not fill a zspage that went meanwhile',
    ...{ prepare: makeObjects(1), threads: [overwrite, noThread] },
    goOn: async (thread) => {
      await thread.call('zsFree', pool, handles[0]!);
      for (let i = 0; i < 4; i++) await thread.call('reclaim');
      const handle = (await thread.call('zsMalloc', pool, 12)) as number;
      assert.equal(await thread.call('zsOverwrite', pool, handle, 12), 0);
    },
  },
];

const ofAll: KernelScenario[] = [
  ...pageScenarios,
  ...frameScenarios,
  ...slabScenarios,
  ...folioScenarios,
  ...threadScenarios,
  ...migrationScenarios,
  ...objectDeathScenarios,
  ...withdrawScenarios,
  ...rcuScenarios,
  ...limboScenarios,
  ...reapScenarios,
]
  .filter(({ name, kills, mustSurvive }) => kills === 1 && mustSurvive && !ofTheDead.includes(name))
  .map((scenario) => ({
    ...scenario,
    name: scenario.name.replace('killed', 'unwound'),
    rule: `who is cut short repairs himself, as others would after a death: ${scenario.rule}`,
    unwinds: true,
    bound: 0,
  }));

export const unwoundScenarios: KernelScenario[] = [...ofTheLiving, ...ofAll];
