/** Scenarios of moving folios: against pin, lock, write, free, split, a second compactor, death. */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import type { Body, Machine } from '../engine/index.ts';
import { type KernelScenario, type ModelFolio, newFolio } from '../kernel-model.ts';
import { assertNothingIsolated, evacuatePages, registerType } from './folio-steps.ts';

/** The folio that is moved. */
let folio: ModelFolio;
/** Pages of a block, and the word that its last page holds in the end. */
const CONTENTS = 0x5eed0000;
const WRITTEN = 0x0badcafe;

function makeFolio(order: number): (machine: Machine) => void {
  return (machine) => {
    folio = newFolio(machine.main, order);
    for (let page = 0; page < 2 ** order; page++) {
      machine.store((folio.pfn + page) * facts.PAGE_BYTES, CONTENTS + page);
    }
  };
}

/** Two folios side by side, which one step moves. */
let twin: ModelFolio;

function makeTwins(machine: Machine): void {
  makeFolio(0)(machine);
  twin = newFolio(machine.main, 0);
  assert.equal(Math.abs(twin.pfn - folio.pfn), 1, 'side by side');
}

const evacuateTwins: Body = (thread) => evacuatePages(thread, Math.min(folio.pfn, twin.pfn), 2);

const freeTwin: Body = (thread) => thread.call('freeFolio', twin.name);

/** Empties the folio's first page, as far as the others let it. */
const evacuate: Body = (thread) => evacuatePages(thread, folio.pfn);

/** While a pin is held the folio stays where it is, whole. */
const pinAndLook: Body = async (thread, machine) => {
  const id = (await thread.call('pinFolio', folio.name)) as number;
  if (id < 0) return id === facts.ERR_BUSY ? 'busy' : 'gone';
  const pfn = (await thread.call('firstPage', id)) as number;
  const word = (await thread.call('pageWordOf', pfn)) as number;
  assert.equal(word >>> 5, id, 'the page does not name the folio that has it');
  assert.equal(machine.load(pfn * facts.PAGE_BYTES) >>> 0, CONTENTS, 'contents were lost');
  assert.equal(await thread.call('firstPage', id), pfn, 'moved while pinned');
  await thread.call('putPage', id);
  return 'pinned';
};

/** The same by a page number, which may be the old one. */
const pinByPage: Body = async (thread) => {
  const id = (await thread.call('pinPage', folio.pfn)) as number;
  if (id < 0) return 'gone';
  const pfn = (await thread.call('firstPage', id)) as number;
  assert.equal(pfn, folio.pfn, 'pinned by a page that it has left');
  await thread.call('putPage', id);
  return 'pinned';
};

const lockAndWrite: Body = async (thread, machine) => {
  const id = (await thread.call('pinFolio', folio.name)) as number;
  if (id < 0) return 'gone';
  await thread.call('lockPage', id);
  const pfn = (await thread.call('firstPage', id)) as number;
  machine.store(pfn * facts.PAGE_BYTES, WRITTEN);
  await thread.call('unlockPage', id);
  await thread.call('putPage', id);
  return 'written';
};

const free: Body = (thread) => thread.call('freeFolio', folio.name);

const split: Body = async (thread) => {
  const id = (await thread.call('pinFolio', folio.name)) as number;
  if (id < 0) return 'gone';
  await thread.call('lockPage', id);
  const failure = await thread.call('splitPage', id, 0);
  await thread.call('unlockPage', id);
  await thread.call('putPage', id);
  return failure;
};

/** Frees the folio, and lets its descriptor be reborn for another page, which must not move. */
const freeAndReuse: Body = async (thread) => {
  await thread.call('freeFolio', folio.name);
  await thread.call('allocPages', 0, 0);
  await thread.call('allocFolio', 0, facts.FIRST_USER_TYPE);
};

/** A folio, and a type of users whose pages cannot be moved. */
function makeFolioAndType(machine: Machine): void {
  makeFolio(0)(machine);
  registerType(machine, { isMovable: false });
}

/** Takes what the migration gives back. */
const reuse: Body = async (thread) => {
  const pfn = (await thread.call('allocPages', 0, 0)) as number;
  if (pfn > 0) assert.equal(await thread.call('freePages', pfn, 0), 0);
};

/** What the folio holds wherever it is now; and nothing is isolated for ever. */
function contentsOf(machine: Machine): number {
  const { main } = machine;
  const id = main.callNow('pinFolio', folio.name) as number;
  assert.equal(id, folio.id, 'the folio is lost');
  const pfn = main.callNow('firstPage', id) as number;
  main.callNow('putPage', id);
  return machine.load(pfn * facts.PAGE_BYTES) >>> 0;
}

function assertKept(machine: Machine): void {
  assert.equal(contentsOf(machine), CONTENTS);
  assertNothingIsolated(machine);
}

function assertFreed(machine: Machine): void {
  const { main } = machine;
  assert.ok(Number(main.callNow('pinFolio', folio.name)) < 0, 'freed and still there');
  assert.equal(main.callNow('countPagesOf', facts.TYPE_ANON_FOLIO, 0), 0, 'its page was lost');
  assertNothingIsolated(machine);
}

export const compactionScenarios: KernelScenario[] = [
  {
    name: 'migrate-pin',
    rule: 'a folio that is pinned stays where it is, whole',
    bound: 2,
    prepare: makeFolio(0),
    threads: [evacuate, pinAndLook],
    check: assertKept,
  },
  {
    name: 'migrate-pin-page',
    rule: 'who pins by a page number gets a folio that is there, and none that has left',
    bound: 2,
    prepare: makeFolio(1),
    threads: [evacuate, pinByPage],
    check: assertKept,
  },
  {
    name: 'migrate-lock-write',
    rule: 'what is written under the lock is not lost in a move',
    bound: 2,
    prepare: makeFolio(0),
    threads: [evacuate, lockAndWrite],
    check: (machine) => assert.equal(contentsOf(machine), WRITTEN, 'a write was lost'),
  },
  {
    name: 'migrate-free',
    rule: 'a folio that is freed while it moves leaves neither its old page nor the new one',
    bound: 2,
    prepare: makeFolio(0),
    threads: [evacuate, free],
    check: assertFreed,
  },
  {
    name: 'migrate-pin-free',
    rule: 'of mover, observer and owner the last one frees the folio, and one page with it',
    bound: 1,
    prepare: makeFolio(0),
    threads: [evacuate, pinAndLook, free],
    check: assertFreed,
  },
  {
    name: 'migrate-free-twice',
    rule: 'of folios that move together each may be freed: the mover hands them over one by one',
    bound: 1,
    prepare: makeTwins,
    threads: [evacuateTwins, free, freeTwin],
    check: assertFreed,
  },
  {
    name: 'migrate-descriptor-reused',
    rule: 'who froze a stranger because of an old word lets it go as it is',
    bound: 2,
    prepare: makeFolioAndType,
    threads: [evacuate, freeAndReuse],
  },
  {
    name: 'migrate-free-reuse',
    rule: 'the page that a move gives back may be taken at once',
    bound: 2,
    prepare: makeFolio(0),
    threads: [evacuate, reuse],
    check: assertKept,
  },
  {
    name: 'migrate-split',
    rule: 'a folio that is split or moved, whichever comes first, keeps all its pages',
    bound: 2,
    prepare: makeFolio(1),
    threads: [evacuate, split],
    check: assertKept,
  },
  {
    name: 'migrate-migrate',
    rule: 'of two that empty the same page at once the second is told that it is busy',
    bound: 2,
    prepare: makeFolio(0),
    threads: [evacuate, evacuate],
    check: assertKept,
  },
  {
    name: 'migrate-killed',
    rule: 'who dies moving a folio leaves it whole, in one place, and isolates nothing for ever',
    bound: 0,
    kills: 1,
    mustSurvive: true,
    prepare: makeFolio(1),
    threads: [evacuate],
    check: assertKept,
  },
  {
    name: 'migrate-killed-twice',
    rule: 'who recovers a dead mover dies too: the folio is whole, in one place, all the same',
    bound: 0,
    kills: 2,
    prepare: makeFolio(1),
    threads: [evacuate],
    check: assertKept,
  },
  {
    name: 'migrate-killed-pin',
    rule: 'a dead mover leaves a folio that can be pinned, and a pin that counts',
    bound: 1,
    kills: 1,
    mustSurvive: true,
    prepare: makeFolio(0),
    threads: [evacuate, pinAndLook],
    killable: [0],
    check: assertKept,
  },
  // The mover dies at each step, and who comes next does so on what it left.
  {
    name: 'migrate-killed-lock',
    rule: 'what was written under the lock survives the mover; a dead writer leaves no lock',
    bound: 0,
    kills: 1,
    mustSurvive: true,
    prepare: makeFolio(0),
    threads: [evacuate, lockAndWrite],
    check: (machine) => {
      const contents = contentsOf(machine);
      assert.ok(contents === WRITTEN || contents === CONTENTS, 'contents were lost');
      assertNothingIsolated(machine);
    },
  },
  {
    name: 'migrate-killed-split',
    rule: 'a death in a split or a move loses no page of the folio',
    bound: 0,
    kills: 1,
    mustSurvive: true,
    prepare: makeFolio(1),
    threads: [evacuate, split],
    check: assertKept,
  },
  {
    name: 'migrate-killed-migrate',
    rule: "a dead mover's range is given up, so that the next one can empty it",
    bound: 0,
    kills: 1,
    mustSurvive: true,
    prepare: makeFolio(0),
    threads: [evacuate, evacuate],
    check: assertKept,
  },
  {
    name: 'migrate-killed-free',
    rule: 'a folio whose owner frees it is not brought back by the death of its mover',
    bound: 1,
    kills: 1,
    prepare: makeFolio(0),
    threads: [evacuate, free],
    killable: [0],
    check: assertFreed,
  },
];
