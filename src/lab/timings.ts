/**
 * Timings: what operations on described pages cost in each layout, in turn in the same run.
 *
 * A figure is the median of rounds in which all layouts take turns, after two that are not counted:
 * what the machine does meanwhile happens to all of them.
 */
import { compileLab, createLabMemory, type LabExports, type Layout, openLab } from './modules.ts';

export interface Timing {
  name: string;
  /** ns, by layout; where one is missing, the layout cannot do it. */
  ns: Partial<Record<Layout, number>>;
}

export interface Plan {
  rounds: number;
  /** For each figure of a round. */
  ms: number;
}

export const defaultPlan: Plan = { rounds: 7, ms: 10 };

/** Pages that take turns, and operations in one call. */
const STAGE = 1024;
const PASS = 512;
const WARM_UPS = 2;

interface Bench {
  lab: LabExports;
  /** First page of the stage. */
  first: number;
  /** Where the next pass over the stage begins. */
  start: number;
}

interface Operation {
  name: string;
  /** Operations in a pass. */
  count: number;
  pass(bench: Bench): void;
  /** Before and after each pass, not timed. */
  prepare?(bench: Bench): void;
  restore?(bench: Bench): void;
}

const pairsOf = (order: number): number => (order === 9 ? 16 : PASS);

const operations: Operation[] = [
  ...[0, 3, 9].map((order) => ({
    name: `alloc and free, order ${order}`,
    count: pairsOf(order),
    pass: ({ lab }: Bench) => lab.allocFree(order, pairsOf(order)),
  })),
  overStage('lookup', ({ lab, first, start }) => lab.lookUp(first, start, STAGE, PASS)),
  overStage('owner of a page', ({ lab, first, start }) => lab.findOwner(first, start, STAGE, PASS)),
  overStage('pin and unpin', ({ lab, first, start }) => lab.pinUnpin(first, start, STAGE, PASS)),
  overStage('lock and unlock', ({ lab, first, start }) =>
    lab.lockUnlock(first, start, STAGE, PASS),
  ),
  ...[3, 9].map(splitOf),
];

/** Blocks into single pages, some 2,000 pages in a pass. */
function splitOf(order: number): Operation {
  const count = 2048 >> order;
  return {
    name: `split into pages, order ${order}`,
    count,
    prepare: ({ lab }) => lab.make(order, 0, count),
    pass: ({ lab }) => lab.split(count),
    restore: ({ lab }) => lab.drop(count, 1 << order),
  };
}

function overStage(name: string, pass: (bench: Bench) => void): Operation {
  const next = (bench: Bench): void => {
    pass(bench);
    bench.start = (bench.start + PASS) % 2 ** 16;
  };
  return { name, count: PASS, pass: next };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** ns of one operation; the pass is repeated until `ms` have gone by. */
function nsOf({ count, pass, prepare, restore }: Operation, bench: Bench, ms: number): number {
  const end = performance.now() + ms;
  let passes = 0;
  let time = 0;
  do {
    prepare?.(bench);
    const start = performance.now();
    pass(bench);
    time += performance.now() - start;
    restore?.(bench);
    passes++;
  } while (performance.now() < end);
  return (time * 1e6) / (passes * count);
}

function openBench(layout: Layout): Bench {
  const lab = openLab(compileLab(layout), createLabMemory());
  return { lab, first: lab.setStage(), start: 0 };
}

/** Measures every operation in every layout. */
export function measure(layouts: readonly Layout[], { rounds, ms }: Plan): Timing[] {
  const benches = layouts.map((layout) => [layout, openBench(layout)] as const);
  return operations.map((operation) => {
    const figures = new Map(layouts.map((layout) => [layout, [] as number[]]));
    for (let round = -WARM_UPS; round < rounds; round++) {
      for (const [layout, bench] of benches) {
        const ns = nsOf(operation, bench, ms);
        if (round >= 0) figures.get(layout)!.push(ns);
      }
    }
    const medians = [...figures].map(([layout, all]) => [layout, median(all)] as const);
    return { name: operation.name, ns: Object.fromEntries(medians) };
  });
}
