/** Scenarios of the store: readers without locks against set, delete, growth and reuse. */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import type { Body, Machine } from '../engine/index.ts';
import { checkSound, type KernelScenario } from '../kernel-model.ts';
import {
  evictAndRenew,
  load,
  makeCache,
  makeLongValue,
  NOW,
  overwriteAndRenew,
  overwriteAndReuse,
  read,
  readLong,
  reclaim,
  remove,
  set,
  word,
} from './cache.ts';
import { pinAndPut } from './folio-steps.ts';

const removeAndReuse: Body = async (thread, machine) => {
  await remove(thread, machine);
  await reclaim(thread);
  await set(thread, machine);
};

/**
 * The leaf that a split replaced waits in limbo for its grace period; then its page is anybody's.
 */
const splitAndReuse: Body = async (thread, machine) => {
  await set(thread, machine);
  await reclaim(thread);
  await thread.call('allocPages', 0, 1);
};

const removeAndReuseAll: Body = async (thread, machine) => {
  await removeAndReuse(thread, machine);
  for (let i = 0; i < 3; i++) await set(thread, machine);
};

/** Everything that a person may ask for while others work. */
const askForFigures: Body = async (thread) => {
  for (let cache = 0; cache <= facts.CACHE_SHEAF; cache++) await thread.call('cacheInUse', cache);
  const names = ['zsObjectBytes', 'zsPages', 'freePagesNow', 'liveThreads'];
  for (const name of [...names, 'entryCount', 'valueBytes', 'keyBytes', 'storedBytes']) {
    await thread.call(name);
  }
  for (let kind = 0; kind <= facts.LIMBO_KINDS; kind++) await thread.call('limboOf', kind);
  await thread.call('counter', facts.COUNT_HITS);
  await thread.call('counter', facts.COUNT_SETS);
};

/** Lists all keys; the key must be among them, once. */
function listAll(key: string): Body {
  return async (thread, machine) => {
    let listed = 0;
    for (let cursor = 0; cursor < 2 ** 32; ) {
      cursor = (await thread.call('listKeys', cursor, NOW, 0)) as number;
      let at = thread.callNow('outputScratch') as number;
      for (; machine.load(at) !== 0; at += 8) if (machine.load(at + 4) === word(key)) listed++;
    }
    assert.equal(listed, 1, 'a key that is there all the time is listed once');
  };
}

/** A leaf counts as full with two entries; the third splits it. */
function makeSmallLeaves(...keys: string[]): (machine: Machine) => void {
  return (machine) => {
    for (const thread of [machine.main, ...machine.threads]) thread.callNow('setMany', 1);
    makeCache(...keys)(machine);
  };
}

/** Pages of slabs and zspages: who looks at a page need not know what it is. */
let ownedPages: number[] = [];

function listOwnedPages(machine: Machine): void {
  const types = [facts.TYPE_SLAB, facts.TYPE_ZSPAGE];
  const all = Array.from({ length: 1024 }, (_, pfn) => pfn);
  ownedPages = all.filter((pfn) =>
    types.includes(machine.load(facts.PAGE_MAP + pfn * 4) & facts.TYPE_MASK),
  );
}

const pinOwnedPages: Body = async (thread) => {
  for (const pfn of ownedPages) await pinAndPut(thread, 'pinPage', pfn);
};

export const storeScenarios: KernelScenario[] = [
  {
    name: 'get-overwrite-reuse',
    rule: 'a reader sees an old or a new value, whole, though the memory of the old is used again',
    bound: 2,
    prepare: makeCache('k', 'k'),
    threads: [read('ac'), overwriteAndReuse],
  },
  {
    name: 'get-overwrite-renew',
    rule: 'a reader sees an old or a new value, whole, though another is written over the old one',
    bound: 2,
    prepare: makeCache('k', 'k'),
    threads: [read('ac'), overwriteAndRenew],
  },
  {
    name: 'get-evict-renew',
    rule: 'a reader sees a value or none, whole, though another is written over what was evicted',
    module: 'test',
    bound: 2,
    prepare: makeCache('k', 'k'),
    threads: [read('ac-'), evictAndRenew],
  },
  {
    name: 'get-delete-reuse',
    rule: 'a reader sees a value that was set, or none, though its memory is used again',
    bound: 2,
    prepare: makeCache('k', 'k'),
    threads: [read('ac-'), removeAndReuse],
  },
  {
    name: 'get-split-reuse',
    rule: "a key is found while its leaf splits, though the old leaf's page is taken at once",
    module: 'test',
    bound: 2,
    prepare: makeSmallLeaves('k', 'z'),
    threads: [read('a'), splitAndReuse],
  },
  // The second key splits the only leaf; the first, which moves to the new one or stays, must be
  // found throughout.
  ...['k', 'm'].map(
    (key): KernelScenario => ({
      name: `get-split-${key}`,
      rule: 'a key is found while its leaf splits, whether it stays or moves',
      module: 'test',
      bound: 2,
      prepare: makeSmallLeaves(key, 'z'),
      threads: [read('a'), set],
    }),
  ),
  ...['k', 'm'].map(
    (key): KernelScenario => ({
      name: `list-split-${key}`,
      rule: 'a key is listed once while its leaf splits, whether it stays or moves',
      module: 'test',
      bound: 1,
      prepare: makeSmallLeaves(key, 'z'),
      threads: [listAll(key), set],
    }),
  ),
  {
    name: 'set-split-same-key',
    rule: 'who waited for a leaf that was split looks where its key is now: one entry, not two',
    module: 'test',
    bound: 1,
    // Of the two keys that get-split has, the one that moves.
    prepare: (machine) => {
      makeSmallLeaves('m', 'z')(machine);
      load(machine, machine.threads[0]!, 'm', 'c');
    },
    threads: [set, set],
    check: ({ main }) => assert.equal(main.callNow('entryCount'), 2),
  },
  {
    name: 'set-set-same-key',
    rule: 'two sets of one key leave one entry',
    bound: 2,
    prepare: makeCache('k', 'k'),
    threads: [set, set],
    check: ({ main }) => assert.equal(main.callNow('entryCount'), 1),
  },
  {
    name: 'set-delete',
    rule: 'a set against a delete leaves the new value or none, and frees the old one once',
    bound: 2,
    prepare: makeCache('k', 'k'),
    threads: [set, remove],
  },
  {
    name: 'delete-delete',
    rule: 'of two deletes of a key one is told that it was there',
    bound: 2,
    prepare: makeCache('k', 'k'),
    threads: [remove, remove],
    check: ({ results }) => assert.equal(results.filter((removed) => removed === 1).length, 1),
  },
  {
    name: 'reclaim-reclaim',
    rule: 'of two that reclaim at once each object is freed by one',
    bound: 2,
    prepare: (machine) => {
      makeCache('k', 'k')(machine);
      machine.main.callNow('remove', 4);
    },
    threads: [reclaim, reclaim],
  },
  {
    name: 'get-killed',
    rule: 'neither a dead reader nor a dead writer leaves a torn value, or poisons the zone',
    mustSurvive: true,
    bound: 0,
    stepLimit: 40_000,
    kills: 1,
    prepare: makeCache('k', 'k'),
    threads: [read('ac-'), removeAndReuse],
  },
  {
    name: 'reader-killed-is-given-back',
    rule: 'a dead reader has changed nothing: its section ends, and what waited for it goes',
    bound: 2,
    kills: 1,
    mustSurvive: true,
    prepare: makeCache('k'),
    threads: [read('a')],
    check: ({ main, killed }) => {
      assert.equal(main.callNow('liveThreads'), 3 - killed.length);
      // Its section is over: what is deferred now is done.
      main.callNow('remove', 4);
      for (let i = 0; i < 3; i++) main.callNow('reclaim');
      assert.equal(main.callNow('limboOf', facts.LIMBO_VALUE), 0);
    },
  },
  {
    name: 'read-on-delete-reuse',
    rule: 'who reads a value in two calls gets one value, or is told to begin again',
    bound: 2,
    prepare: makeLongValue,
    threads: [readLong, removeAndReuse],
  },
  {
    name: 'read-on-delete-reuse-all',
    rule: "who reads on is told to begin again even when the very cell is another entry's",
    bound: 2,
    prepare: makeLongValue,
    threads: [readLong, removeAndReuseAll],
  },
  {
    name: 'figures-writers',
    rule: 'figures may be asked for while others write, and nobody waits',
    bound: 2,
    prepare: makeCache('k', 'k'),
    threads: [askForFigures, removeAndReuse],
  },
  {
    name: 'list-writers',
    rule: 'keys may be listed while they are deleted and set again',
    bound: 2,
    prepare: makeCache('k', 'k'),
    threads: [(thread) => thread.call('listKeys', 0, NOW, 0), removeAndReuse],
  },
  {
    name: 'pin-slab-and-zspage',
    rule: 'who pins a page need not know what it is: it may be a slab or a zspage that goes',
    bound: 2,
    prepare: (machine) => {
      makeCache('k', 'k')(machine);
      listOwnedPages(machine);
    },
    threads: [pinOwnedPages, removeAndReuse],
  },
  {
    // Whoever looks at a stopped world finds nothing half-done. (A check is a thousand steps long.)
    name: 'check-set',
    rule: 'who looks at a stopped world finds nothing half done',
    stepLimit: 40_000,
    bound: 2,
    prepare: makeCache('k', 'k'),
    threads: [checkSound, set],
  },
];
