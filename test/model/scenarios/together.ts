/**
 * Together: any two of ten operations of a cache at once, and some of three, of which one may die
 * at any step: whoever lives is done, nothing else is lost, and what the key has is what one of
 * them left there.
 *
 *   set, get, read-on (the second call of a long value), delete, evict, expire, grow (a set that
 *   splits the leaf), shrink (a delete that merges two), pack (objects move together), near (a
 *   value that is kept, and asked for); among three also reclaim (what waits is freed)
 *
 * Pairs of near and of what changes its key stand in near.ts.
 */
import assert from 'node:assert/strict';
import type { Body, Machine } from '../engine/index.ts';
import type { KernelScenario } from '../kernel-model.ts';
import {
  load,
  makeCache,
  makeLong,
  NOW,
  nameNext,
  read,
  readLong,
  reclaim,
  remove,
  set,
  VALUE_BYTES,
  word,
} from './cache.ts';
import { change, EXPIRY, evict, expire, forgetNear, holdsTruly, keep } from './near.ts';
import { giveUpZspages, pack } from './pack.ts';
import { expectLeft, put, removeKey, warmUp } from './store-deaths.ts';

interface Operation {
  readonly noun: string;
  readonly body: Body;
  /** What the key has afterwards: the thread's value, nothing, perhaps nothing, or what it had. */
  readonly leaves: 'value' | 'none' | 'some' | 'same';
}

const operations = {
  set: { noun: 'a set', body: set, leaves: 'value' },
  get: { noun: 'a get', body: read('abcd-'), leaves: 'same' },
  'read-on': { noun: 'a read of a long value', body: readLong, leaves: 'same' },
  delete: { noun: 'a delete', body: remove, leaves: 'none' },
  evict: { noun: 'an eviction', body: evict, leaves: 'some' },
  expire: { noun: 'a look at what is over', body: expire, leaves: 'none' },
  grow: { noun: 'a set that splits', body: set, leaves: 'same' },
  shrink: { noun: 'a delete that merges', body: remove, leaves: 'same' },
  pack: { noun: 'a packing', body: pack, leaves: 'same' },
  near: { noun: 'a value kept near', body: keep, leaves: 'same' },
  reclaim: { noun: 'a reclaim', body: reclaim, leaves: 'same' },
} satisfies Record<string, Operation>;

type Name = keyof typeof operations;

/** Those of which any two are tried. */
export const PAIRED = Object.keys(operations).slice(0, 10) as Name[];

/** What a thread sets where there is no room. */
const GROWN = 'mnp';
/** What it takes out, by thread: with that the index shrinks. */
const shrunk: string[] = [];

function keyOf(name: Name, thread: number): string {
  if (name === 'grow') return GROWN[thread]!;
  return name === 'shrink' ? shrunk[thread]! : 'k';
}

/** Puts a key that is alone in its leaf, and no other's. @returns its letter */
function putAlone(machine: Machine, others: readonly string[]): string {
  const leaves = (): number => machine.main.callNow('leaves') as number;
  for (const letter of [...'zvutsrjihgfe'].filter((one) => !others.includes(one))) {
    put(machine, letter);
    const before = leaves();
    removeKey(machine, letter);
    if (leaves() === before) continue;
    put(machine, letter);
    return letter;
  }
  throw new Error('no key has a leaf of its own');
}

/** Keys that nobody changes, unless it evicts: of main, and in a zspage of another thread. */
const [OF_MAIN, OF_OTHER] = ['q', 'xy'];

/** `k` = a, of which leaf, zspage, length and time are as these operations need them. */
function makeFor(names: readonly Name[]): (machine: Machine) => void {
  return (machine) => {
    const { main, threads } = machine;
    const isSmall = names.includes('grow') || names.includes('shrink');
    for (const thread of [main, ...threads]) thread.callNow('setMany', isSmall ? 1 : 0);
    makeCache(...names.map(() => 'k'))(machine);
    warmUp(machine);
    const expiry = names.includes('expire') ? EXPIRY : 0;
    if (names.includes('read-on')) makeLong(machine, 'k', expiry);
    else if (expiry !== 0) put(machine, 'k', expiry, 'a');
    for (let i = 0; i < 4; i++) main.callNow('reclaim');
    put(machine, OF_MAIN);
    for (const other of OF_OTHER) {
      load(machine, threads[0]!, other, other);
      assert.equal(threads[0]!.callNow('set', 4, VALUE_BYTES, 1, 0), 0);
    }
    for (const [i, name] of names.entries()) {
      if (name === 'shrink') shrunk[i] = putAlone(machine, shrunk.slice(0, i));
    }
    if (names.includes('pack')) giveUpZspages(machine);
    for (const [i, name] of names.entries()) load(machine, threads[i]!, keyOf(name, i), 'bcd'[i]!);
  };
}

/** Letters that the key may have. */
function allowedOf(names: readonly Name[], isDone: boolean): string {
  const leaves = names.map((name) => operations[name].leaves);
  const set = leaves.map((kind, i) => (kind === 'value' ? 'bcd'[i]! : '')).join('');
  const isTaken = leaves.some((kind) => kind === 'none' || kind === 'some');
  const isChanged = isDone && leaves.some((kind) => kind === 'value' || kind === 'none');
  return `${isChanged ? '' : 'a'}${set}${isTaken ? '-' : ''}`;
}

function checkFor(names: readonly Name[]): (machine: Machine) => void {
  return (machine) => {
    const { main, killed } = machine;
    if (names.includes('near')) holdsTruly(machine);
    const isDone = killed.length === 0;
    const evicts = names.includes('evict');
    for (const [i, name] of names.entries()) {
      if (!isDone || evicts || (name !== 'grow' && name !== 'shrink')) continue;
      nameNext(machine, main, word(keyOf(name, i)));
      assert.equal(main.callNow('has', 4, NOW), name === 'grow' ? 1 : 0, name);
    }
    expectLeft(evicts ? '' : OF_MAIN + OF_OTHER, 'k', allowedOf(names, isDone))(machine);
  };
}

/** Who keeps a value near must not see what was there before the others were done. */
function bodiesOf(names: readonly Name[]): Body[] {
  const bodies = names.map((name) => operations[name].body);
  if (!names.includes('near')) return bodies;
  return bodies.map((body, i) =>
    allowedOf([names[i]!], true).includes('a') ? body : change(body),
  );
}

function together(names: readonly Name[], rule: string): KernelScenario {
  return {
    ...{ name: `${names.join('-')}-killed-survived`, rule, module: 'test' },
    ...{ bound: 0, kills: 1, mustSurvive: true, stepLimit: 60_000, draws: 40 },
    ...(names.includes('near') ? { before: forgetNear } : {}),
    prepare: makeFor(names),
    threads: bodiesOf(names),
    check: checkFor(names),
  };
}

/** Near with what changes its key: there with rules of their own. */
const elsewhere = ['set', 'delete', 'evict', 'expire'].map((name) => `near-${name}`);

function pairs(): KernelScenario[] {
  return PAIRED.flatMap((one, i) =>
    PAIRED.slice(i).flatMap((other) => {
      const names: [Name, Name] = other === 'near' ? [other, one] : [one, other];
      if (elsewhere.includes(names.join('-'))) return [];
      const [first, second] = names.map((each) => operations[each].noun);
      const rule = `of ${first} and ${second} either may die: the other is done, and nothing lost`;
      return together(names, rule);
    }),
  );
}

const triples: Record<string, string> = {
  'get set pack': 'a value is found, whole, while one overwrites it and one moves it',
  'delete pack reclaim': 'a value that is deleted while it is moved, and its place freed, is gone',
  'set pack grow': 'an overwrite holds though its leaf splits and its value is moved',
  'get shrink set': 'a key is found while leaves are merged and it is overwritten',
  'near set grow': 'what is near is what the key has though it is set and its leaf splits',
  'near evict set': 'what is near is what the key has though it is evicted and set again',
  'near delete shrink': 'what is near is what the key has though it is deleted and leaves merge',
  'evict set get': 'a popped entry is out or still in its queue, whoever sets it and reads it',
  'expire set get': 'who takes out what is over leaves alone what is set, and who reads, meanwhile',
  'set set reclaim': 'what two sets replace is freed once',
  'read-on delete set': 'who reads on gets one value though it is deleted and another set',
  'evict pack set': 'who evicts and who packs at once leave a set what it stores',
  'grow shrink set': 'an index that grows and shrinks at once loses no key that is set',
};

export const togetherScenarios: KernelScenario[] = [
  ...pairs(),
  ...Object.entries(triples).map(([names, rule]) => together(names.split(' ') as Name[], rule)),
];
