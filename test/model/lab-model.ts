/**
 * Scenarios of the lab: other ways to do what the kernel does, under the same checker.
 *
 * Some of them are there to fail: `breaks` says what is lost, and docs/design/the-thread-traces.md
 * shows how. The modules are those of `pageless lab`; nobody is killed, for the lab has no
 * recovery.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as facts from '../../src/generated/facts.ts';
import {
  type Body,
  explore,
  type Instrumented,
  instrument,
  type Machine,
  type Report,
  type Scenario,
} from './engine/index.ts';
import { nameOf } from './places.ts';

const { MARK_BY_LOOK, MARK_BY_REFERENCE, MARK_BY_TWO_LOOKS } = facts;
const { MOVE_BUSY, MOVE_DONE, MOVE_KEEP, MOVE_REPLACE, MOVE_RESERVE, READ_REFUSED } = facts;

export type LabBuild = 'lab-one-word' | 'lab-struct-page';

export interface LabScenario {
  name: string;
  /** What it is about, in a sentence. */
  rule: string;
  build: LabBuild;
  bound: number;
  setup: (machine: Machine) => void;
  before?: () => void;
  threads: Body[];
  check: (machine: Machine) => void;
  /** Part of what the checker says; absent where it holds. */
  breaks?: RegExp;
}

const PAGES_64K = 64;
const loaded = new Map<LabBuild, Instrumented>();

function loadLab(build: LabBuild): Instrumented {
  const url = new URL(`../../build/kernel/${build}.wasm`, import.meta.url);
  const lab = loaded.get(build) ?? instrument(readFileSync(url));
  loaded.set(build, lab);
  return lab;
}

/** A zone with all threads in it. */
function open({ main, threads }: Machine): void {
  assert.equal(main.callNow('format'), 0);
  assert.equal(main.callNow('join', 100), 1);
  assert.equal(main.callNow('openScheme'), 1);
  for (const thread of threads) assert.ok((thread.callNow('join', thread.index + 1) as number) > 0);
}

/** Thread 0 moves; the others know its table, which has one block. */
function openTable(machine: Machine): void {
  open(machine);
  const { main, threads } = machine;
  const mover = threads[0]!;
  const records = main.callNow('recordsOfPages') as number;
  mover.callNow('useTable', 0, records);
  const table = mover.callNow('openTable') as number;
  assert.ok(table > 0);
  for (const other of [main, ...threads.slice(1)]) other.callNow('useTable', table, records);
  assert.equal(mover.callNow('makeBlocks', 1), 1);
  page = mover.callNow('blockPage', 0) as number;
}

let page = 0;

const move =
  (way: number): Body =>
  async (thread) => {
    const answer = await thread.call('moveBlocks', way, 0, 1);
    assert.ok(answer === MOVE_DONE || answer === MOVE_BUSY, `moved: ${answer}`);
  };

const read: Body = async (thread) => {
  const number = await thread.call('readBlock', 0);
  assert.ok(number === READ_REFUSED || number === 1, `read a page of something else: ${number}`);
};

const mark: Body = (thread) => thread.call('markPage', page);

/** Whoever was told that the mark has hit finds it. */
function keepsMark(machine: Machine): void {
  const wasTold = machine.results[1] === 1;
  if (wasTold) assert.equal(machine.main.callNow('isMarked', 0), 1, 'a mark was lost');
}

const ways = { keep: MOVE_KEEP, replace: MOVE_REPLACE, reserve: MOVE_RESERVE };

function readBeside(name: keyof typeof ways, build: LabBuild, title: string): LabScenario {
  return {
    name: `move-${title}-read`,
    rule: 'who reads beside a move sees the block, or is refused',
    build,
    bound: 3,
    setup: openTable,
    threads: [move(ways[name]), read],
    check: ({ main }) => assert.equal(main.callNow('readBlock', 0), 1),
  };
}

function markBeside(name: keyof typeof ways, build: LabBuild, title: string): LabScenario {
  return {
    name: `move-${title}-mark`,
    rule: 'what is marked by its page number, without a reference, stays marked when it moves',
    build,
    bound: 3,
    setup: openTable,
    threads: [move(ways[name]), mark],
    check: keepsMark,
  };
}

let first = 0;
let later = 0;

/** Two lives of one page: its owner lets go, and another allocates. */
const freeAndAlloc: Body = async (thread) => {
  await thread.call('freeNamed', first);
  later = (await thread.call('makeNamed', 2)) as number;
};

const report =
  (way: number): Body =>
  (thread) =>
    thread.call('markBroken', way, page);

/** Whether the mark of the first life stands on the second. */
export function hitsStranger({ main, results }: Machine): boolean {
  return results[0] === 1 && later !== 0 && main.callNow('brokenIdentity', later) === 2;
}

function memoryFailure(title: string, way: number): LabScenario {
  return {
    name: `memory-failure-${title}`,
    rule: 'who marks what a page belongs to marks what it belonged to when he looked',
    build: 'lab-one-word',
    bound: 3,
    setup: (machine) => {
      open(machine);
      first = machine.main.callNow('makeNamed', 1) as number;
      // The header's third word.
      page = machine.load(first + 8);
    },
    before: () => {
      later = 0;
    },
    threads: [report(way), freeAndAlloc],
    check: (machine) => assert.ok(!hitsStranger(machine), 'the mark has hit a stranger'),
  };
}

export const memoryFailures: Record<string, LabScenario> = {
  reference: memoryFailure('reference', MARK_BY_REFERENCE),
  look: { ...memoryFailure('look', MARK_BY_LOOK), breaks: /has hit a stranger/ },
  'two-looks': { ...memoryFailure('two-looks', MARK_BY_TWO_LOOKS), breaks: /has hit a stranger/ },
};

export const labScenarios: LabScenario[] = [
  readBeside('keep', 'lab-one-word', 'keep'),
  readBeside('replace', 'lab-one-word', 'replace'),
  readBeside('reserve', 'lab-one-word', 'reserve'),
  readBeside('keep', 'lab-struct-page', 'records'),
  markBeside('keep', 'lab-one-word', 'keep'),
  { ...markBeside('replace', 'lab-one-word', 'replace'), breaks: /a mark was lost/ },
  markBeside('reserve', 'lab-one-word', 'reserve'),
  markBeside('keep', 'lab-struct-page', 'records'),
  ...Object.values(memoryFailures),
];

export function runLab(scenario: LabScenario, options: Partial<Scenario> = {}): Promise<Report> {
  const { build, bound, setup, before, threads, check } = scenario;
  return explore({
    wasm: loadLab(build),
    memory: { pages64k: PAGES_64K },
    setup,
    ...(before === undefined ? {} : { before }),
    threads,
    check,
    bound,
    isTimeoutLegal: () => false,
    nameOf,
    ...options,
  });
}
