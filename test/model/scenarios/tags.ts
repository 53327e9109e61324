/** Scenarios of tags and times: nobody dead is seen again, and a touch brings no old value back. */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import { offsetOf } from '../../support/structures.ts';
import type { Body, Machine } from '../engine/index.ts';
import type { KernelScenario } from '../kernel-model.ts';
import { letterOf, load, makeCache, NOW, nameNext, read, set, setTagged, word } from './cache.ts';

/**
 * Names of four letters. The first is the entry's tag; the others are remembered in the same line.
 */
const RECORDS = 7;
let others: number[] = [];

function deleteNow(machine: Machine, name: number): void {
  nameNext(machine, machine.main, name);
  machine.main.callNow('deleteTag', 4);
}

const TAG = word('t');

/** The table's line of the tag, which has been deleted: its words. */
function lineOf(machine: Machine): () => string {
  const at = machine.load(facts.STORE_STATE + offsetOf('StoreState', 'tags'));
  const lineWords = (line: number) =>
    Array.from({ length: 16 }, (_, i) => machine.load(at + line * 64 + i * 4)).join();
  const before = Array.from({ length: 256 }, (_, line) => lineWords(line));
  deleteNow(machine, TAG);
  const line = before.findIndex((words, i) => words !== lineWords(i));
  return () => lineWords(line);
}

/** Finds names whose records stand in the tag's line, and deletes them. */
function findOthers(machine: Machine, count = RECORDS): void {
  const line = lineOf(machine);
  others = [];
  for (let name = 1; others.length < count; name++) {
    const before = line();
    deleteNow(machine, name);
    if (line() !== before) others.push(name);
  }
}

/** `k` has the tag, whose deletion is the oldest in a line that is full. */
function makeDead(machine: Machine): void {
  const { main, threads } = machine;
  makeCache('k', 'k')(machine);
  findOthers(machine);
  load(machine, main, 'k', 'a');
  setTagged(machine, TAG);
  deleteNow(machine, TAG);
  for (const name of others.slice(1)) deleteNow(machine, name);
  nameNext(machine, threads[1]!, others[0]!);
}

/** `k` has a tag whose deletions are forgotten, in a line that is to forget another one. */
function makeYoung(machine: Machine): void {
  const { main, threads } = machine;
  makeCache('k', 'k')(machine);
  findOthers(machine, RECORDS + 1);
  load(machine, main, 'k', 'a');
  setTagged(machine, TAG);
  nameNext(machine, threads[1]!, others[0]!);
}

const deleteTag: Body = (thread) => thread.call('deleteTag', 4);

/** Another time for what it finds. */
const touch: Body = async (thread) => {
  if (((await thread.call('inspectEntry', 4, NOW)) as number) < 0) return facts.ERR_NOT_FOUND;
  const version = thread.callNow('readVersion') as number;
  return thread.call('touch', version, 4, NOW + 1000, 0, 0);
};

export const tagScenarios: KernelScenario[] = [
  {
    name: 'get-tag-dropped',
    rule: 'what a deleted tag has killed stays dead, by the floor, when the record is dropped',
    bound: 2,
    prepare: makeDead,
    threads: [read('-'), deleteTag],
    check: (machine) => assert.equal(letterOf(machine, 'k'), '-', 'the dead lives again'),
  },
  {
    name: 'get-tag-kept',
    rule: 'who is younger than what its line forgets is found while it forgets',
    bound: 2,
    prepare: makeYoung,
    threads: [read('a'), deleteTag],
    check: (machine) => assert.equal(letterOf(machine, 'k'), 'a', 'the living is dead'),
  },
  {
    name: 'touch-set',
    rule: 'a touch does not bring back the value that a set has replaced',
    bound: 1,
    prepare: makeCache('k', 'k'),
    threads: [touch, set],
    check: (machine) =>
      assert.equal(letterOf(machine, 'k'), 'c', 'a touch brought the old value back'),
  },
  {
    name: 'touch-killed-survived',
    rule: 'who dies giving an entry another time leaves its value as it was',
    module: 'test',
    bound: 0,
    kills: 1,
    killable: [0],
    mustSurvive: true,
    stepLimit: 60_000,
    prepare: makeCache('k'),
    threads: [touch],
    check: (machine) => assert.equal(letterOf(machine, 'k'), 'a'),
  },
  {
    name: 'delete-tag-killed-survived',
    rule: 'who dies deleting a tag brings nobody dead back, and the tag can be deleted again',
    bound: 0,
    kills: 1,
    killable: [1],
    mustSurvive: true,
    prepare: makeDead,
    threads: [read('-'), deleteTag],
    check: (machine) => {
      assert.equal(letterOf(machine, 'k'), '-');
      deleteNow(machine, TAG);
    },
  },
];
