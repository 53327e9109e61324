/**
 * A member of the crew of suite `memdesc`: a thread of one zone, with the lab's loops inside.
 */
import { evacuateAll, joinLab, rangesOf } from '../../src/lab/modules.ts';
import { nsOf, serve } from '../crew.ts';

export type Operation =
  | 'pin-unpin'
  | 'pin-unpin-call'
  | 'lock-unlock'
  | 'lookup'
  | 'kernel-call'
  | 'bare call'
  | 'descriptor-alloc-free'
  | 'publish-free-order0'
  | 'publish-free-order3'
  | 'split-order9'
  | 'move-order0'
  | 'fight'
  | 'timed fight';

export interface Setup {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  /** First page of the stage. */
  first: number;
}

export interface Request {
  operation: Operation;
  /** Of the stage, a power of two, one of which all threads fight for; or folios that are moved. */
  pages: number;
  ms: number;
}

/** Operations in one call of a loop. */
const PASS = 512;
/** Additions under the lock, as those of the peer's. */
const HOLD = 10;
/** Blocks of 2 MiB that are split in a row. */
const SPLITS = 4;
/** Owner 1 is the thread that asks. */
const FIRST_OWNER = 2;

type Loop = (start: number, pages: number) => void;

serve<Setup, Request>(({ module, memory, first }, index) => {
  const lab = joinLab(module, memory, FIRST_OWNER + index);
  const loops: Partial<Record<Operation, Loop>> = {
    'pin-unpin': (start, pages) => lab.pinUnpin(first, start, pages, PASS),
    'pin-unpin-call': (start, pages) => {
      for (let i = 0; i < PASS; i++) lab.unpinOnce(lab.pinOnce(first + ((start + i) % pages)));
    },
    'lock-unlock': (start, pages) => lab.lockUnlock(first, start, pages, PASS),
    lookup: (start, pages) => lab.lookUp(first, start, pages, PASS),
    'kernel-call': () => {
      for (let i = 0; i < PASS; i++) lab.emptyCall();
    },
    'bare call': () => {
      for (let i = 0; i < PASS; i++) lab.bareCall();
    },
    'descriptor-alloc-free': () => lab.descriptorPairs(PASS),
    'publish-free-order0': () => lab.allocFree(0, PASS),
    'publish-free-order3': () => lab.allocFree(3, PASS),
  };

  /** @returns acquisitions in `ms` */
  function fight(ms: number): number {
    const end = performance.now() + ms;
    let times = 0;
    do {
      lab.fight(first, HOLD, 100);
      times += 100;
    } while (performance.now() < end);
    return times;
  }

  /** @returns ns of the longest single acquisition, its additions and its release among them */
  function longestFight(ms: number): number {
    let longest = 0;
    let before = performance.now();
    const end = before + ms;
    while (before < end) {
      lab.fight(first, HOLD, 1);
      const after = performance.now();
      longest = Math.max(longest, after - before);
      before = after;
    }
    return longest * 1e6;
  }

  /** @returns ns of a split of 2 MiB into pages; making and freeing them is not timed */
  function split(ms: number): number {
    const end = performance.now() + ms;
    let passes = 0;
    let time = 0;
    do {
      lab.make(9, 0, SPLITS);
      const start = performance.now();
      lab.split(SPLITS);
      time += performance.now() - start;
      lab.drop(SPLITS, 512);
      passes++;
    } while (performance.now() < end);
    return (time * 1e6) / (passes * SPLITS);
  }

  /** @returns ns a page; they go to and fro between a few places */
  function move(ms: number, pages: number): number {
    const made = lab.make(0, 0, pages);
    const end = performance.now() + ms;
    let time = 0;
    let moved = 0;
    do {
      const ranges = rangesOf(lab, made);
      const start = performance.now();
      moved += evacuateAll(lab, ranges);
      time += performance.now() - start;
    } while (performance.now() < end);
    lab.drop(made, 1);
    return (time * 1e6) / moved;
  }

  const others: Partial<Record<Operation, (ms: number, pages: number) => number>> = {
    'split-order9': split,
    'move-order0': move,
    fight,
    'timed fight': longestFight,
  };

  return ({ operation, pages, ms }, meet) => {
    const loop = loops[operation];
    // Threads begin half a round apart.
    let start = index * (pages >> 1);
    meet();
    if (loop === undefined) return others[operation]!(ms, pages);
    return nsOf(PASS, ms, () => {
      loop(start, pages);
      start = (start + PASS) & 0xffff;
    });
  };
});
