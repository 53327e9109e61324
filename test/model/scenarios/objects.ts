/** Scenarios of zsmalloc's pools: reading, overwriting, freeing and moving the same object. */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import { offsetOf } from '../../support/structures.ts';
import type { Body, Machine, Thread } from '../engine/index.ts';
import type { KernelScenario } from '../kernel-model.ts';
import { makeCache, read as readKey, set } from './cache.ts';
import { pinAndPut } from './folio-steps.ts';

/** Three words: too short to be stored as a pattern. */
const BYTES = 12;
/** Of the class with the fewest objects but huge ones: 16 in a zspage. */
export const LARGE = 4084;

export let pool = 0;
/** Public handles of the objects that were made, the first of which threads fight for. */
export let handles: number[] = [];

const { ERR_STALE } = facts;

function put(machine: Machine, thread: Thread, letter: string, bytes = BYTES): void {
  const input = thread.callNow('inputScratch') as number;
  for (let at = 0; at < bytes; at += 4) {
    machine.store(input + at, letter.charCodeAt(0) * 0x01010101);
  }
}

/** Makes a pool and objects of `bytes`, whose contents begin with the letter `a`. */
export function makeObjects(count: number, bytes = BYTES): (machine: Machine) => void {
  return (machine) => {
    const { main, threads } = machine;
    for (const thread of [main, ...threads]) assert.equal(thread.callNow('prepare'), 0);
    pool = main.callNow('zsCreate') as number;
    put(machine, main, 'a');
    handles = Array.from({ length: count }, () => {
      const handle = main.callNow('zsMalloc', pool, bytes) as number;
      assert.equal(main.callNow('zsOverwrite', pool, handle, bytes), 0);
      return handle;
    });
    for (const [i, thread] of threads.entries()) put(machine, thread, 'bcd'[i]!);
  };
}

/** Objects of which all but those at `kept` are freed again; nobody owns their zspages. */
export function makeHoles(
  count: number,
  kept: number[],
  bytes = BYTES,
): (machine: Machine) => void {
  return (machine) => {
    makeObjects(count, bytes)(machine);
    const { main } = machine;
    for (const [i, handle] of handles.entries()) {
      if (!kept.includes(i)) assert.equal(main.callNow('zsFree', pool, handle), 0);
    }
    handles = kept.map((i) => handles[i]!);
    // Releases what was freed, and gives the zspages up.
    main.callNow('zsCompactBegin');
  };
}

export const free: Body = (thread) => thread.call('zsFree', pool, handles[0]!);
export const overwrite: Body = (thread) => thread.call('zsOverwrite', pool, handles[0]!, BYTES);

/** Frees; then its room may be used again. */
export const freeAndReuse: Body = async (thread) => {
  assert.equal(await thread.call('zsFree', pool, handles[0]!), 0);
  await thread.call('zsCompactBegin');
  await add(thread);
};

const overwriteAndReuse: Body = async (thread) => {
  assert.equal(await thread.call('zsOverwrite', pool, handles[0]!, BYTES), 0);
  await thread.call('zsCompactBegin');
  await add(thread);
};

/** Four words, of one letter each: two cells, and no room. */
export const PATTERN_BYTES = 16;

export function makePatterns(machine: Machine): void {
  const { main, threads } = machine;
  for (const thread of [main, ...threads]) assert.equal(thread.callNow('prepare'), 0);
  pool = main.callNow('zsCreate') as number;
  handles = [main.callNow('zsMalloc', pool, 0) as number];
  for (const [i, thread] of [main, ...threads].entries()) {
    put(machine, thread, 'abc'[i]!, PATTERN_BYTES);
  }
  assert.equal(main.callNow('zsOverwrite', pool, handles[0]!, PATTERN_BYTES), 0);
}

/** Twice, and what was replaced is reused. */
export const overwritePattern: Body = async (thread) => {
  for (let i = 0; i < 2; i++) {
    const code = await thread.call('zsOverwrite', pool, handles[0]!, PATTERN_BYTES);
    assert.ok(code === 0 || code === ERR_STALE);
    await thread.call('zsCompactBegin');
  }
};

const readPattern: Body = async (thread, machine) => {
  assert.equal(await thread.call('zsReadObject', pool, handles[0]!), PATTERN_BYTES);
  const output = thread.callNow('outputScratch') as number;
  const words = [0, 4, 8, 12].map((at) => machine.load(output + at));
  assert.deepEqual(words, Array(4).fill(words[0]));
  assert.ok('ab'.includes(String.fromCharCode(words[0]! & 255)));
};

async function add(thread: Thread): Promise<void> {
  const handle = (await thread.call('zsMalloc', pool, BYTES)) as number;
  assert.ok(handle > 0);
  assert.equal(await thread.call('zsOverwrite', pool, handle, BYTES), 0);
}

/** Reads the first object; it must be one of `allowed`, or gone where '-' is. */
function read(allowed: string): Body {
  return async (thread, machine) => {
    const bytes = (await thread.call('zsReadObject', pool, handles[0]!)) as number;
    if (bytes < 0) {
      assert.equal(bytes, ERR_STALE);
      assert.ok(allowed.includes('-'), 'an object that is there was not found');
      return;
    }
    const output = thread.callNow('outputScratch') as number;
    const words = [0, 4, 8].map((at) => machine.load(output + at));
    const letter = String.fromCharCode(words[0]! & 255);
    assert.ok(allowed.includes(letter), `a foreign object: ${letter}`);
    assert.deepEqual(words, Array(3).fill(words[0]), 'a torn object');
  };
}

/** The last letter of the first object, or '-'. */
function contents(machine: Machine): string {
  const bytes = machine.main.callNow('zsReadObject', pool, handles[0]!) as number;
  if (bytes < 0) return '-';
  const output = machine.main.callNow('outputScratch') as number;
  return String.fromCharCode(machine.load(output + 8) & 255);
}

/** One step of a compaction, and what a second one would finish. */
export const compact: Body = async (thread) => {
  await thread.call('zsCompactBegin');
  await thread.call('zsCompactSome', pool, 0);
  await thread.call('zsCompactSome', pool, 0);
};

export const compactStore: Body = async (thread, machine) => {
  const at = facts.ZS_STATE + offsetOf('ZsState', 'store');
  await thread.call('zsCompactBegin');
  await thread.call('zsCompactSome', machine.load(at) >>> facts.PAGE_SHIFT, 0);
};

/** The object that thread 0 is writing: the kernel's own handle. */
let draft = 0;

/** A free object below one whose contents are still to be written; nobody owns the zspage. */
function makeDraft(machine: Machine): void {
  const { main, threads } = machine;
  for (const thread of [main, ...threads]) assert.equal(thread.callNow('prepare'), 0);
  assert.equal(main.callNow('formatPool'), 0);
  const [writer] = threads;
  const below = writer!.callNow('zsAlloc', BYTES) as number;
  draft = writer!.callNow('zsAlloc', BYTES) as number;
  writer!.callNow('zsRelease', below);
  put(machine, writer!, 'b');
  writer!.callNow('zsCompactBegin');
}

const writeDraft: Body = async (thread) => {
  const input = thread.callNow('inputScratch') as number;
  const place = (await thread.call('zsPlace', draft)) as bigint;
  await thread.call('zsWrite', place, 0, input, BYTES);
  await thread.call('zsSettle', draft);
};

function assertDraftWritten(machine: Machine): void {
  const { main } = machine;
  const output = main.callNow('outputScratch') as number;
  main.callNow('zsRead', main.callNow('zsPlace', draft) as bigint, 0, output, BYTES);
  assert.equal(machine.load(output + 8), 'b'.charCodeAt(0) * 0x01010101);
}

/** A page of the first object's zspage. */
export function firstZspagePage(machine: Machine): number {
  const isOne = (pfn: number): boolean =>
    (machine.load(facts.PAGE_MAP + pfn * 4) & facts.TYPE_MASK) === facts.TYPE_ZSPAGE;
  return Array.from({ length: 1024 }, (_, pfn) => pfn).find(isOne)!;
}

let page = 0;
const pinOnce: Body = (thread) => pinAndPut(thread, 'pinPage', page);

export const isOneOf =
  (allowed: string) =>
  (machine: Machine): void => {
    const letter = contents(machine);
    assert.ok(allowed.includes(letter), `at the end it is ${letter}`);
  };

export const objectScenarios: KernelScenario[] = [
  {
    name: 'object-read-overwrite-reuse',
    rule: 'a reader sees the old contents or the new, whole, though the old place is used again',
    bound: 2,
    prepare: makeObjects(1),
    threads: [read('ac'), overwriteAndReuse],
    check: isOneOf('c'),
  },
  {
    name: 'object-read-free-reuse',
    rule: 'a reader sees the object or is told that it is stale, and never what came after it',
    bound: 2,
    prepare: makeObjects(2),
    threads: [read('a-'), freeAndReuse],
    check: isOneOf('-'),
  },
  {
    name: 'object-free-free',
    rule: 'of two frees of an object one wins, and the other is told that it is stale',
    bound: 3,
    prepare: makeObjects(1),
    threads: [free, free],
    check: ({ results }) => assert.deepEqual([...results].sort(), [ERR_STALE, 0]),
  },
  {
    name: 'object-free-overwrite',
    rule: 'an object that is freed stays freed, whoever overwrites it meanwhile',
    bound: 2,
    prepare: makeObjects(2),
    threads: [free, overwrite],
    check: (machine) => {
      assert.equal(machine.results[0], 0);
      assert.equal(contents(machine), '-');
    },
  },
  {
    name: 'object-overwrite-overwrite',
    rule: 'of two overwrites one is the last, and the contents of the other go',
    bound: 2,
    prepare: makeObjects(1),
    threads: [overwrite, overwrite],
    check: isOneOf('bc'),
  },
  {
    name: 'object-pattern-read',
    rule: 'the two cells of a pattern are read in one version, whole',
    bound: 2,
    prepare: makePatterns,
    threads: [overwritePattern, readPattern],
  },
  {
    name: 'object-compact-read',
    rule: 'an object can be read, whole, at each step of its move',
    bound: 2,
    prepare: makeHoles(3, [2]),
    threads: [compact, read('a')],
    check: isOneOf('a'),
  },
  {
    name: 'object-compact-free',
    rule: 'an object that is freed while it moves stays freed',
    bound: 2,
    prepare: makeHoles(3, [2]),
    threads: [compact, free],
    check: isOneOf('-'),
  },
  {
    name: 'object-compact-free-reuse',
    rule: 'a place that is freed under the mover is taken by one: by it or by whoever allocates',
    bound: 1,
    prepare: makeHoles(4, [2, 3]),
    threads: [compact, freeAndReuse],
    check: isOneOf('-'),
  },
  {
    name: 'object-compact-overwrite',
    rule: 'an overwrite is not undone by the move of the old contents',
    bound: 2,
    prepare: makeHoles(3, [2]),
    threads: [compact, overwrite],
    check: isOneOf('c'),
  },
  {
    name: 'object-compact-read-overwrite',
    rule: 'a reader sees the old contents or the new ones, moved or not',
    bound: 1,
    prepare: makeHoles(3, [2]),
    threads: [compact, read('ad'), overwrite],
    check: isOneOf('d'),
  },
  {
    name: 'object-compact-compact',
    rule: 'two that compact one class move each object once',
    bound: 2,
    prepare: makeHoles(17, [15, 16], LARGE),
    threads: [compact, compact],
    check: isOneOf('a'),
  },
  {
    name: 'object-compact-draft',
    rule: 'an object that is being written does not move away under its writer',
    module: 'test',
    bound: 2,
    prepare: makeDraft,
    threads: [writeDraft, compactStore],
    check: assertDraftWritten,
  },
  {
    name: 'object-compact-set',
    rule: 'a set goes on, draft and all, while the neighbours of its object move',
    bound: 2,
    prepare: makeCache('k', 'm'),
    threads: [compactStore, set],
  },
  {
    name: 'object-compact-get',
    rule: 'a value is found while its zspage is emptied',
    bound: 2,
    prepare: (machine) => {
      makeCache('k', 'k')(machine);
      // Gives the entry's zspage up, with a hole below it.
      assert.equal(machine.main.callNow('set', 4, BYTES, 1, 0), 0);
      for (let i = 0; i < 4; i++) machine.main.callNow('reclaim');
      machine.main.callNow('zsCompactBegin');
    },
    threads: [compactStore, readKey('a')],
  },
  {
    name: 'object-revival',
    rule: 'a zspage whose last object goes as it is taken to be filled is filled or freed',
    bound: 2,
    prepare: makeHoles(2, [1]),
    threads: [
      async (thread) => {
        assert.equal(await thread.call('zsFree', pool, handles[0]!), 0);
        await thread.call('zsCompactBegin');
      },
      add,
    ],
    check: isOneOf('-'),
  },
  {
    name: 'object-destroyed-while-held',
    rule: 'a zspage goes after its last object and its last observer, whichever is later',
    bound: 2,
    prepare: (machine) => {
      makeHoles(2, [1])(machine);
      page = firstZspagePage(machine);
    },
    threads: [
      async (thread) => {
        assert.equal(await thread.call('zsFree', pool, handles[0]!), 0);
        await thread.call('zsCompactBegin');
      },
      pinOnce,
    ],
    check: isOneOf('-'),
  },
];
