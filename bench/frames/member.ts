/**
 * A member of a crew of suite `frames`: one allocator, in one thread, over several zones.
 *
 * An allocator comes as `Loops`. For the modules the loops run inside (bench/kernel/loops.ts); for
 * what is called from JavaScript, here. A loop does a few hundred operations a call, so it is
 * called often enough to be compiled well before it is measured, and nobody waits long for a call
 * to end.
 */
import { MemPool } from '@thi.ng/malloc';
import { Arena, type ArenaHandle } from '../../src/index.ts';
import { type Meet, nsOf, serve } from '../crew.ts';

export type Subject =
  | 'kernel'
  | 'kernel-bare'
  | 'raw'
  | 'call'
  | 'call-among-3'
  | 'call-bare'
  | 'buddy'
  | '@thi.ng/malloc';

export interface Zone {
  pages: number;
  /** What the subject lives in; `@thi.ng/malloc` makes its own, which no other thread can use. */
  memory?: WebAssembly.Memory;
  arena?: ArenaHandle;
}

export interface Setup {
  subject: Subject;
  /** Compiled bench/kernel/…, where the subject is a module. */
  module?: WebAssembly.Module;
  zones: Record<string, Zone>;
}

export interface Request {
  zone: string;
  workload: 'repeat' | 'random' | 'burst' | 'bulk' | 'frag';
  order: number;
  /** Blocks of this thread: in `random` and `burst`, and in `bulk` and `frag`. */
  live: number;
  blocks: number;
  ms: number;
}

/** What bench/kernel/loops.ts does, for one allocator in one zone. */
interface Loops {
  repeat(order: number, pairs: number): void;
  replace(order: number, live: number, pairs: number): void;
  fill(order: number, from: number, to: number): number;
  drain(order: number, from: number, to: number): void;
  shuffle(count: number, chosen: number): void;
}

/** Pairs between two looks at the clock: a look costs as much as a few pairs. */
const PASS = 1000;
/** Pairs in one call of a loop: enough to hide the call, few enough to hold up nobody for long. */
const CALL = 250;

type Exports = Record<string, (...values: number[]) => number>;

function loopsOf(exports: Exports, suffix: string): Loops {
  const pick = (name: string) => exports[name + suffix] ?? exports[name];
  const names = ['repeat', 'replace', 'fill', 'drain', 'shuffle'];
  return Object.fromEntries(names.map((name) => [name, pick(name)])) as unknown as Loops;
}

function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Exports {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Exports;
}

/** The kernel; its notebook holds a word for each page of the zone. */
function openKernel(module: WebAssembly.Module, zone: Zone, thread: number): Exports {
  const exports = instantiate(module, zone.memory!);
  const order = Math.max(0, Math.ceil(Math.log2(zone.pages / 1024)));
  const slot = exports.attach!(thread + 1, 1);
  const failure = slot < 0 ? slot : exports.openNotebook!(order);
  if (failure < 0) throw new Error(`cannot use a zone of ${zone.pages} pages: ${failure}`);
  return exports;
}

function openBuddy(module: WebAssembly.Module, zone: Zone, thread: number): Loops {
  const exports = instantiate(module, zone.memory!);
  exports.openNotebook!(thread);
  return loopsOf(exports, 'Buddy');
}

let seed = 1;
function random(limit: number): number {
  seed ^= seed << 13;
  seed ^= seed >>> 17;
  seed ^= seed << 5;
  return (seed >>> 0) % limit;
}

/** The loops in JavaScript. Made once for each subject, which has this thread to itself. */
function loopsOver(
  pages: number,
  take: (order: number) => number | undefined,
  give: (block: number, order: number) => void,
): Loops {
  const blocks = new Uint32Array(pages);
  const takeOne = (order: number): number => {
    const block = take(order);
    if (block === undefined) throw new Error(`no block of order ${order}`);
    return block;
  };
  return {
    repeat(order, pairs) {
      for (let i = 0; i < pairs; i++) give(takeOne(order), order);
    },
    replace(order, live, pairs) {
      for (let i = 0; i < pairs; i++) {
        const at = random(live);
        give(blocks[at]!, order);
        blocks[at] = takeOne(order);
      }
    },
    fill(order, from, to) {
      for (let i = from; i < to; i++) blocks[i] = takeOne(order);
      return to - from;
    },
    drain(order, from, to) {
      for (let i = from; i < to; i++) give(blocks[i]!, order);
    },
    shuffle() {},
  };
}

function openArena({ arena: handle, pages }: Zone): Loops {
  const arena = Arena.attach(handle!);
  return loopsOver(
    pages,
    (order) => arena.allocPages(order),
    (pfn, order) => arena.freePages(pfn, order),
  );
}

/** What no allocator like ours can do without, in a loop inside or by calls. */
function openFloor(module: WebAssembly.Module, zone: Zone, isCalled: boolean): Loops {
  const exports = instantiate(module, zone.memory!);
  exports.openBare!();
  if (!isCalled) return loopsOf(exports, 'Bare');
  const { takeBare, giveBare } = exports;
  return loopsOver(zone.pages, takeBare!, giveBare!);
}

function openPool({ pages }: Zone): Loops {
  const pool = new MemPool({ buf: new ArrayBuffer(pages * 4096) });
  return loopsOver(
    pages,
    (order) => pool.malloc(4096 << order) || undefined,
    (block) => pool.free(block),
  );
}

function openLoops({ subject, module }: Setup, zone: Zone, thread: number): Loops {
  switch (subject) {
    case 'kernel':
      return loopsOf(openKernel(module!, zone, thread), 'Checked');
    case 'raw':
      return loopsOf(openKernel(module!, zone, thread), 'Raw');
    case 'call':
    case 'call-among-3':
      return openArena(zone);
    case 'call-bare':
      return openFloor(module!, zone, true);
    case 'kernel-bare':
      return openFloor(module!, zone, false);
    case 'buddy':
      return openBuddy(module!, zone, thread);
    default:
      return openPool(zone);
  }
}

/** In short calls. @returns how many there were */
function fillAll(loops: Loops, order: number, from: number, to: number): number {
  for (let at = from; at < to; at += CALL) {
    const end = Math.min(at + CALL, to);
    const got = loops.fill(order, at, end);
    if (at + got < end) return at + got - from;
  }
  return to - from;
}

function drainAll(loops: Loops, order: number, from: number, to: number): void {
  for (let at = from; at < to; at += CALL) loops.drain(order, at, Math.min(at + CALL, to));
}

function fillAndDrain(loops: Loops, order: number, count: number): void {
  if (fillAll(loops, order, 0, count) < count) throw new Error(`no ${count} blocks of ${order}`);
  drainAll(loops, order, 0, count);
}

/** ns a pair. */
function time(loops: Loops, { workload, order, live, blocks, ms }: Request, meet: Meet): number {
  switch (workload) {
    case 'repeat':
      meet();
      return nsOf(PASS, ms, () => {
        for (let done = 0; done < PASS; done += CALL) loops.repeat(order, CALL);
      });
    case 'random': {
      fillAll(loops, order, 0, live);
      meet();
      const ns = nsOf(PASS, ms, () => {
        for (let done = 0; done < PASS; done += CALL) loops.replace(order, live, CALL);
      });
      drainAll(loops, order, 0, live);
      return ns;
    }
    default: {
      const count = workload === 'burst' ? live : blocks;
      meet();
      return nsOf(count, ms, () => fillAndDrain(loops, order, count));
    }
  }
}

/** Random tenths of what is live that are freed and taken again: everything ten times over. */
const TENTHS = 100;

/** Takes all there is, frees a random half, then replaces the rest, a random tenth at a time. */
function churn(loops: Loops, order: number, pages: number, meet: Meet): number {
  const filled = fillAll(loops, order, 0, pages >> order);
  meet();
  const live = filled >> 1;
  loops.shuffle(filled, filled - live);
  drainAll(loops, order, live, filled);
  const tenth = Math.ceil(live / 10);
  for (let round = 0; round < TENTHS; round++) {
    loops.shuffle(live, tenth);
    drainAll(loops, order, live - tenth, live);
    fillAll(loops, order, live - tenth, live);
  }
  return live;
}

/** Percent of the free memory that lies in free 2 MiB blocks: takes these, then all the rest. */
function wholeShare(loops: Loops, live: number, pages: number): number {
  const whole = fillAll(loops, 9, live, pages);
  const rest = fillAll(loops, 0, live + whole, pages);
  drainAll(loops, 0, live + whole, live + whole + rest);
  drainAll(loops, 9, live, live + whole);
  return (100 * whole * 512) / (whole * 512 + rest);
}

serve<Setup, Request>((setup, index) => {
  const opened = new Map<string, Loops>();
  for (const [name, zone] of Object.entries(setup.zones)) {
    opened.set(name, openLoops(setup, zone, index));
  }
  return (request, meet) => {
    const loops = opened.get(request.zone)!;
    if (request.workload !== 'frag') return time(loops, request, meet);
    const { pages } = setup.zones[request.zone]!;
    const live = churn(loops, request.order, pages, meet);
    meet();
    // The first thread looks at the whole zone, while the others hold what they have.
    const share = index === 0 ? wholeShare(loops, live, pages) : 0;
    meet();
    drainAll(loops, request.order, 0, live);
    return share;
  };
});
