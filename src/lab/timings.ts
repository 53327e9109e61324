/** Timings: what operations on described pages cost in each layout, in turn in the same run. */
import {
  compileLab,
  createLabMemory,
  evacuateAll,
  type LabExports,
  type Layout,
  openLab,
  type Range,
  rangesOf,
} from './modules.ts';
import { inTurn, type Plan } from './rounds.ts';

export interface Timing {
  name: string;
  /** ns, by layout; where one is missing, the layout cannot do it. */
  ns: Partial<Record<Layout, number>>;
}

/** Pages that take turns, and operations in one call. */
const STAGE = 1024;
const PASS = 512;
/** Folios that are moved in a pass. */
const MOVED = 64;

interface Bench {
  lab: LabExports;
  /** First page of the stage. */
  first: number;
  /** Where the next pass over the stage begins. */
  start: number;
  /** Where the folios are that are moved. */
  ranges: Range[];
}

interface Operation {
  name: string;
  /** A layout that cannot do it. */
  cannot?: Layout;
  /** @returns how many operations it did */
  pass(bench: Bench): number;
  /** Before and after each pass, not timed. */
  prepare?(bench: Bench): void;
  restore?(bench: Bench): void;
}

const pairsOf = (order: number): number => (order === 9 ? 16 : PASS);

const operations: Operation[] = [
  ...[0, 3, 9].map((order) => ({
    name: `alloc and free, order ${order}`,
    pass: ({ lab }: Bench) => {
      lab.allocFree(order, pairsOf(order));
      return pairsOf(order);
    },
  })),
  overStage('lookup', ({ lab, first, start }) => lab.lookUp(first, start, STAGE, PASS)),
  overStage('owner of a page', ({ lab, first, start }) => lab.findOwner(first, start, STAGE, PASS)),
  overStage('pin and unpin', ({ lab, first, start }) => lab.pinUnpin(first, start, STAGE, PASS)),
  overStage('lock and unlock', ({ lab, first, start }) =>
    lab.lockUnlock(first, start, STAGE, PASS),
  ),
  ...[3, 9].map(splitOf),
  {
    name: 'move, order 0',
    cannot: 'struct-page',
    prepare: (bench) => {
      bench.lab.make(0, 0, MOVED);
      bench.ranges = rangesOf(bench.lab, MOVED);
    },
    pass: ({ lab, ranges }) => evacuateAll(lab, ranges),
    restore: ({ lab }) => lab.drop(MOVED, 1),
  },
];

/** Blocks into single pages, some 2,000 pages in a pass. */
function splitOf(order: number): Operation {
  const count = 2048 >> order;
  return {
    name: `split into pages, order ${order}`,
    prepare: ({ lab }) => lab.make(order, 0, count),
    pass: ({ lab }) => {
      lab.split(count);
      return count;
    },
    restore: ({ lab }) => lab.drop(count, 1 << order),
  };
}

function overStage(name: string, pass: (bench: Bench) => void): Operation {
  const next = (bench: Bench): number => {
    pass(bench);
    bench.start = (bench.start + PASS) % 2 ** 16;
    return PASS;
  };
  return { name, pass: next };
}

function openBench(layout: Layout): Bench {
  const lab = openLab(compileLab(layout), createLabMemory());
  return { lab, first: lab.setStage(), start: 0, ranges: [] };
}

/** Measures every operation in every layout. */
export function measure(layouts: readonly Layout[], plan: Plan): Timing[] {
  const benches = layouts.map((layout) => [layout, openBench(layout)] as const);
  return operations.map(({ name, cannot, pass, prepare, restore }) => {
    const able = benches.filter(([layout]) => layout !== cannot);
    const contenders = able.map(([, bench]) => ({
      pass: () => pass(bench),
      prepare: () => prepare?.(bench),
      restore: () => restore?.(bench),
    }));
    const ns = inTurn(contenders, plan);
    return { name, ns: Object.fromEntries(able.map(([layout], index) => [layout, ns[index]!])) };
  });
}
