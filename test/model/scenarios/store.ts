/** Scenarios of the store: readers without locks against set, delete, growth and reuse. */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import type { Body, Machine, Thread } from '../engine/index.ts';
import { type KernelScenario, ownerOf } from '../kernel-model.ts';

const NOW = 1000;
/** Values are raw and of one word's letters, so that a torn or foreign one is seen at once. */
const VALUE_BYTES = 12;

function word(letter: string): number {
  return letter.charCodeAt(0) * 0x01010101;
}

/** A one-word key and a value of one letter, put into the thread's scratch. */
function load(machine: Machine, thread: Thread, key: string, letter: string): void {
  const input = thread.callNow('inputScratch') as number;
  machine.store(thread.callNow('keyScratch') as number, word(key));
  for (let at = 0; at < VALUE_BYTES; at += 4) machine.store(input + at, word(letter));
}

/** Makes a cache with `keys[0]` = "a", and gives thread i `keys[i]` and the value `b`, `c`, …. */
function makeCache(...keys: string[]): (machine: Machine) => void {
  return (machine) => {
    const { main, threads } = machine;
    assert.equal(main.callNow('formatStore'), 0);
    for (const thread of [main, ...threads]) assert.equal(thread.callNow('prepare'), 0);
    load(machine, main, keys[0]!, 'a');
    assert.equal(main.callNow('set', 4, VALUE_BYTES, 1, 0), 0);
    for (const [i, key] of keys.entries()) load(machine, threads[i]!, key, 'bcd'[i]!);
  };
}

/** Reads the thread's key; the value must be one of `allowed`, or missing where '' is. */
function read(allowed: string): Body {
  return async (thread, machine) => {
    const bytes = (await thread.call('get', 4, NOW, 1)) as number;
    if (bytes < 0) {
      assert.ok(allowed.includes('-'), 'a key that is there all the time was not found');
      return '-';
    }
    const output = thread.callNow('outputScratch') as number;
    const seen = [0, 4, 8].map((at) => machine.load(output + at));
    const letter = String.fromCharCode(seen[0]! & 255);
    assert.equal(bytes, VALUE_BYTES);
    assert.deepEqual(seen, Array(3).fill(word(letter)), 'a torn value');
    assert.ok(allowed.includes(letter), `a foreign value: ${letter}`);
    return letter;
  };
}

const set: Body = (thread) => thread.call('set', 4, VALUE_BYTES, 1, 0);
const remove: Body = (thread) => thread.call('remove', 4);

/** Two rounds let a value ripen and be freed, so that the next `set` reuses its memory. */
async function reclaim(thread: Thread): Promise<void> {
  await thread.call('reclaim');
  await thread.call('reclaim');
}

const overwriteAndReuse: Body = async (thread, machine) => {
  await set(thread, machine);
  await reclaim(thread);
  await set(thread, machine);
};

const removeAndReuse: Body = async (thread, machine) => {
  await remove(thread, machine);
  await reclaim(thread);
  await set(thread, machine);
};

/** A value of two blocks under the key of all threads. */
function makeLongValue(machine: Machine): void {
  const { main } = machine;
  makeCache('k', 'k')(machine);
  main.callNow('beginSet', 4, facts.BLOCK_BYTES + VALUE_BYTES);
  for (const bytes of [facts.BLOCK_BYTES, VALUE_BYTES]) {
    assert.equal(main.callNow('appendSet', bytes, 1), 0);
  }
  assert.equal(main.callNow('commitSet', 0), 0);
}

/** Reads a value of two blocks, in two calls. */
const readLong: Body = async (thread) => {
  const bytes = (await thread.call('get', 4, NOW, 1)) as number;
  if (bytes < 0) return;
  const more = (await thread.call('getMore')) as number;
  const allowed = bytes === VALUE_BYTES ? [facts.ERR_RESTART] : [VALUE_BYTES, facts.ERR_RESTART];
  assert.ok(allowed.includes(more), `the second block of ${bytes} bytes has ${more}`);
};

/** Everything that a person may ask for while others work. */
const askForFigures: Body = async (thread) => {
  for (let cache = 0; cache < facts.CACHES; cache++) await thread.call('cacheInUse', cache);
  const names = ['zsObjectBytes', 'zsPages', 'freePagesNow', 'limboValues', 'liveThreads'];
  for (const name of [...names, 'entryCount', 'valueBytes', 'keyBytes', 'buckets']) {
    await thread.call(name);
  }
  await thread.call('counter', facts.COUNT_HITS);
};

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
  for (const pfn of ownedPages) {
    const pinned = (await thread.call('pinPage', pfn)) as number;
    if (pinned > 0) await thread.call('putPage', pinned);
  }
};

/** Two survivors have proof of the same death, that of a thread which does nothing any more. */
const recoverThird: Body = async (thread) => {
  const marked = await thread.call('markDead', ownerOf(2));
  await thread.call('recoverDead');
  return marked;
};

const checkSound: Body = async (thread) => {
  assert.equal(await thread.call('check'), 0, 'a sound zone was found faulty');
};

const stopAndStart: Body = async (thread) => {
  await thread.call('stop');
  await thread.call('start');
};

function attachTwice(): Body {
  return async (thread) => {
    await thread.call('detach');
    assert.ok(((await thread.call('attach', thread.index + 1, 1)) as number) > 0);
  };
}

export const storeScenarios: KernelScenario[] = [
  {
    name: 'get-overwrite-reuse',
    bound: 2,
    prepare: makeCache('k', 'k'),
    threads: [read('ac'), overwriteAndReuse],
  },
  {
    name: 'get-delete-reuse',
    bound: 2,
    prepare: makeCache('k', 'k'),
    threads: [read('ac-'), removeAndReuse],
  },
  // The second key splits the only bucket; the first, which moves to the new one or stays, must be
  // found throughout.
  ...['k', 'm'].map((key) => ({
    name: `get-split-${key}`,
    bound: 3,
    prepare: makeCache(key, 'z'),
    threads: [read('a'), set],
  })),
  {
    name: 'set-set-same-key',
    bound: 2,
    prepare: makeCache('k', 'k'),
    threads: [set, set],
    check: ({ main }) => assert.equal(main.callNow('entryCount'), 1),
  },
  {
    name: 'set-delete',
    bound: 2,
    prepare: makeCache('k', 'k'),
    threads: [set, remove],
  },
  {
    name: 'delete-delete',
    bound: 2,
    prepare: makeCache('k', 'k'),
    threads: [remove, remove],
    check: ({ results }) => assert.equal(results.filter((removed) => removed === 1).length, 1),
  },
  {
    name: 'reclaim-reclaim',
    bound: 2,
    prepare: (machine) => {
      makeCache('k', 'k')(machine);
      machine.main.callNow('remove', 4);
    },
    threads: [reclaim, reclaim],
  },
  {
    name: 'get-killed',
    bound: 1,
    kills: 1,
    prepare: makeCache('k', 'k'),
    threads: [read('ac-'), removeAndReuse],
  },
  {
    // A dead reader has begun no change: the zone must never be poisoned.
    name: 'reader-killed-is-given-back',
    bound: 2,
    kills: 1,
    mustSurvive: true,
    prepare: makeCache('k'),
    threads: [read('a')],
    check: ({ main, killed }) => {
      assert.equal(main.callNow('liveThreads'), 3 - killed.length);
      // Its section is over: what is deferred now ripens.
      main.callNow('remove', 4);
      for (let i = 0; i < 3; i++) main.callNow('reclaim');
      assert.equal(main.callNow('limboValues'), 0);
    },
  },
  {
    name: 'read-on-delete-reuse',
    bound: 1,
    prepare: makeLongValue,
    threads: [readLong, removeAndReuse],
  },
  {
    name: 'figures-writers',
    bound: 1,
    prepare: makeCache('k', 'k'),
    threads: [askForFigures, removeAndReuse],
  },
  {
    name: 'list-writers',
    bound: 1,
    prepare: makeCache('k', 'k'),
    threads: [(thread) => thread.call('listKeys', 0, 0, NOW), removeAndReuse],
  },
  {
    name: 'pin-slab-and-zspage',
    bound: 1,
    prepare: (machine) => {
      makeCache('k', 'k')(machine);
      listOwnedPages(machine);
    },
    threads: [pinOwnedPages, removeAndReuse],
  },
  {
    name: 'death-proven-twice',
    bound: 2,
    prepare: makeCache('k', 'k', 'k'),
    threads: [recoverThird, recoverThird, async () => 0],
    check: ({ main, results }) => {
      assert.deepEqual(results.toSorted(), [0, 0, 1]);
      assert.equal(main.callNow('liveThreads'), 3);
    },
  },
  {
    // Whoever looks at a stopped world finds nothing half-done. (A check is a thousand steps long.)
    name: 'check-set',
    bound: 1,
    prepare: makeCache('k', 'k'),
    threads: [checkSound, set],
  },
  {
    name: 'stop-stop',
    bound: 2,
    threads: [stopAndStart, stopAndStart],
  },
  {
    // A stopper that dies has changed nothing: the world must go on.
    name: 'stopper-killed',
    bound: 1,
    kills: 1,
    killable: [0],
    mustSurvive: true,
    prepare: makeCache('k', 'k'),
    threads: [stopAndStart, set],
  },
  { name: 'attach-detach', bound: 2, threads: [attachTwice(), attachTwice()] },
];
