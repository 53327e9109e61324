/** Scenarios of pages that are looked at or withdrawn while they are allocated, freed and moved. */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import type { Body, Machine, Thread } from '../engine/index.ts';
import { type KernelScenario, type ModelFolio, newFolio } from '../kernel-model.ts';
import { assertNothingIsolated, evacuatePages, registerType } from './folio-steps.ts';

/** The page in question, and the folio that has it, if one does. */
let pfn = 0;
let folio: ModelFolio;
const CONTENTS = 0x5eed0000;

function makeFolio(order: number): (machine: Machine) => void {
  return (machine) => {
    folio = newFolio(machine.main, order);
    pfn = folio.pfn;
    machine.store(pfn * facts.PAGE_BYTES, CONTENTS);
  };
}

function makePage({ main }: Machine): void {
  pfn = main.callNow('allocPages', 0) as number;
}

/** A free page in the stock of the second thread. */
function makeFree({ threads }: Machine): void {
  pfn = threads[1]!.callNow('allocPages', 0) as number;
  threads[1]!.callNow('freePages', pfn, 0);
}

function makePoisoned(machine: Machine): void {
  makeFree(machine);
  assert.equal(machine.main.callNow('poisonPage', pfn), 0);
}

/** As src/arena/poison.ts does, once. */
async function withdraw(thread: Thread): Promise<boolean> {
  const failure = await thread.call('poisonPage', pfn);
  if (failure !== facts.ERR_MOVABLE) return failure === 0;
  if ((await thread.call('beginWithdrawal', pfn)) !== 0) return false;
  while (Number(await thread.call('compactStep')) > 0);
  const isDone = (await thread.call('compactFigure', facts.FIGURE_MADE)) === 1;
  while ((await thread.call('endCompaction')) === 0);
  return isDone;
}

const poison: Body = async (thread) => ((await withdraw(thread)) ? 'poisoned' : 'refused');

const unpoison: Body = (thread) => thread.call('unpoisonPage', pfn);

/** Takes a page and keeps it. */
const alloc: Body = (thread) => thread.call('allocPages', 0);

const freePage: Body = (thread) => thread.call('freePages', pfn, 0);

const freeFolio: Body = (thread) => thread.call('freeFolio', folio.name);

const evacuate: Body = (thread) => evacuatePages(thread, pfn);

/** While a pin is held the folio has its page and its contents. */
const pinAndLook: Body = async (thread, machine) => {
  const id = (await thread.call('pinFolio', folio.name)) as number;
  if (id < 0) return;
  await thread.call('lockPage', id);
  const first = (await thread.call('firstPage', id)) as number;
  assert.equal(machine.load(first * facts.PAGE_BYTES) >>> 0, CONTENTS, 'contents were lost');
  const word = (await thread.call('pageWordOf', first)) as number;
  assert.equal(word >>> 5, id, 'the page does not name the folio that has it');
  await thread.call('unlockPage', id);
  await thread.call('putPage', id);
};

/** Pins the folio for good, perhaps after it was found to be movable. */
const pinAndKeep: Body = (thread) => thread.call('pinFolio', folio.name);

function isPoisoned({ main }: Machine): boolean {
  return main.callNow('pageWordOf', pfn) === facts.TYPE_POISONED;
}

/** The page is poisoned exactly if somebody was told so, and nothing else was lost. */
function assertTold(machine: Machine): void {
  const { main, results } = machine;
  assert.equal(isPoisoned(machine), results.includes('poisoned'));
  assert.equal(main.callNow('countPagesOf', facts.TYPE_POISONED, 0), isPoisoned(machine) ? 1 : 0);
  assertNothingIsolated(machine);
}

/** A poisoned page is in nobody's hands. */
function assertApart(machine: Machine): void {
  assertTold(machine);
  const [, allocated] = machine.results;
  if (isPoisoned(machine)) assert.notEqual(allocated, pfn, 'a poisoned page was handed out');
}

/** And the folio lives on, wherever it is. */
function assertKept(machine: Machine): void {
  if (machine.killed.length === 0) assertTold(machine);
  const { main } = machine;
  const id = main.callNow('pinFolio', folio.name) as number;
  assert.equal(id, folio.id, 'the folio is lost');
  const first = main.callNow('firstPage', id) as number;
  main.callNow('putPage', id);
  assert.equal(machine.load(first * facts.PAGE_BYTES) >>> 0, CONTENTS, 'contents were lost');
  if (isPoisoned(machine)) assert.notEqual(first, pfn, 'a folio has a poisoned page');
  assertNothingIsolated(machine);
}

/** A picture that says to be faithful fits together. */
const describe: Body = async (thread, machine) => {
  assert.equal(await thread.call('describePage', pfn), 0);
  const at = Number(thread.callNow('window'));
  const told = (field: number): number => machine.load(at + field * 4) >>> 0;
  const word = told(facts.DESCRIBED_WORD);
  const type = word & facts.TYPE_MASK;
  if (type < facts.FIRST_DESCRIPTOR_TYPE || told(facts.DESCRIBED_FAITHFUL) === 0) return 'no owner';
  if ((told(facts.DESCRIBED_REFS) & facts.OWNED) === 0) return 'disowned';
  assert.equal(told(facts.DESCRIBED_FLAGS) & facts.TYPE_MASK, type, 'another type than the word');
  const isFrozen = told(facts.DESCRIBED_REFS) >>> 31 !== 0;
  const order = (told(facts.DESCRIBED_FLAGS) >>> 5) & 15;
  const covers = pfn - told(facts.DESCRIBED_FIRST);
  assert.ok(
    isFrozen || (covers >= 0 && covers < 2 ** order),
    'a descriptor that has left the page',
  );
  return 'described';
};

/** Frees the folio, and has its descriptor reborn for another page, as another type. */
const freeAndReuse: Body = async (thread) => {
  await thread.call('freeFolio', folio.name);
  await thread.call('allocPages', 0);
  await thread.call('allocFolio', 1, facts.FIRST_USER_TYPE);
};

function makeFolioAndType(machine: Machine): void {
  makeFolio(0)(machine);
  registerType(machine, { isMovable: false });
}

const patient = { bound: 2 };

export const withdrawScenarios: KernelScenario[] = [
  {
    name: 'poison-alloc',
    rule: 'a free page is poisoned or handed out, and never both',
    ...patient,
    prepare: makeFree,
    threads: [poison, alloc],
    check: assertApart,
  },
  {
    name: 'poison-free',
    rule: 'who was told that the page is poisoned finds it so, freed or not',
    ...patient,
    prepare: makePage,
    threads: [poison, freePage],
    check: assertTold,
  },
  {
    name: 'poison-poison',
    rule: 'of two that poison a page one at most is told that it did',
    ...patient,
    prepare: makeFree,
    threads: [poison, poison],
    check: (machine) => {
      assertTold(machine);
      assert.ok(machine.results.filter((result) => result === 'poisoned').length <= 1);
    },
  },
  {
    name: 'unpoison-unpoison',
    rule: 'of two that give a poisoned page back one does',
    bound: 2,
    prepare: makePoisoned,
    threads: [unpoison, unpoison, alloc],
    check: ({ results }) => {
      const codes = results.slice(0, 2).toSorted();
      assert.deepEqual(codes, [facts.ERR_NOT_ALLOCATED, 0].toSorted(), 'one of two gives it back');
    },
  },
  {
    name: 'poison-move-pin',
    rule: 'a folio is moved off a page that is poisoned, or pinned there; it keeps its contents',
    ...patient,
    prepare: makeFolio(0),
    threads: [poison, pinAndLook],
    check: assertKept,
  },
  {
    name: 'poison-move-pinned',
    rule: 'a folio that is pinned in time stays, and its page is not poisoned',
    ...patient,
    bound: 1,
    prepare: makeFolio(0),
    threads: [poison, pinAndKeep],
    check: assertKept,
  },
  {
    name: 'poison-move-free',
    rule: 'a folio that is freed while it is moved off loses no page but the poisoned one',
    ...patient,
    bound: 1,
    prepare: makeFolio(0),
    threads: [poison, freeFolio],
    check: (machine) => {
      assertTold(machine);
      const left = machine.main.callNow('countPagesOf', facts.TYPE_ANON_FOLIO, 0);
      assert.equal(left, 0, 'a page of the folio was lost');
    },
  },
  {
    name: 'poison-move-alloc',
    rule: "a page that a folio has left for good is nobody else's",
    ...patient,
    prepare: makeFolio(1),
    threads: [poison, alloc],
    check: (machine) => {
      assertKept(machine);
      assertApart(machine);
    },
  },
  {
    name: 'poison-move-evacuate',
    rule: 'of two that empty a page, one to poison it, each is done or told that it is busy',
    ...patient,
    bound: 1,
    prepare: makeFolio(0),
    threads: [poison, evacuate],
    check: assertKept,
  },
  {
    name: 'poison-move-twice',
    rule: 'of two that move a folio off to poison its page one at most is told that it did',
    ...patient,
    bound: 1,
    prepare: makeFolio(0),
    threads: [poison, poison],
    check: assertKept,
  },
  {
    name: 'poison-killed',
    rule: 'who dies poisoning a free page leaves it poisoned or free',
    bound: 0,
    kills: 1,
    mustSurvive: true,
    prepare: makeFree,
    threads: [poison, alloc],
    killable: [0],
  },
  {
    name: 'unpoison-killed',
    rule: 'who dies giving a poisoned page back leaves it poisoned or free',
    bound: 1,
    kills: 1,
    mustSurvive: true,
    prepare: makePoisoned,
    threads: [unpoison, alloc],
    killable: [0],
  },
  {
    name: 'poison-move-killed',
    rule: 'who dies moving a folio off its page leaves it whole, and nothing isolated for ever',
    bound: 0,
    kills: 1,
    mustSurvive: true,
    prepare: makeFolio(1),
    threads: [poison, pinAndLook],
    killable: [0],
    check: assertKept,
  },
  {
    name: 'describe-free',
    rule: 'a description that says to be faithful mixes no two owners of the page',
    bound: 2,
    prepare: makeFolioAndType,
    threads: [describe, freeAndReuse],
  },
  {
    name: 'describe-reborn',
    rule: 'a description is of one life of a page, though word, flags and refs are as they were',
    bound: 3,
    prepare: makeFolio(0),
    threads: [
      describe,
      async (thread) => {
        await thread.call('freeFolio', folio.name);
        await thread.call('allocFolio', 0, facts.TYPE_ANON_FOLIO);
      },
    ],
  },
  {
    name: 'describe-migrate',
    rule: 'a description is of the folio before its move or after it',
    ...patient,
    bound: 1,
    prepare: makeFolio(0),
    threads: [describe, evacuate],
    check: assertKept,
  },
  {
    name: 'describe-killed',
    rule: 'who dies looking at a page leaves no trace',
    bound: 1,
    kills: 1,
    mustSurvive: true,
    prepare: makeFolioAndType,
    threads: [describe, freeAndReuse],
    killable: [0],
  },
];
