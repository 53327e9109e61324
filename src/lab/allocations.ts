/**
 * Allocating twice, and zspages described page by page: what else a design could do, in ns and
 * bytes.
 */
import {
  CHAIN_LINKED,
  CHAIN_SHARED,
  FROM_KEPT,
  FROM_SHEAF,
  FROM_SLAB,
  PAGE_BYTES,
} from '../generated/facts.ts';
import { compileLab, createLabMemory, type LabExports, openLab } from './modules.ts';
import { type Contender, inTurn, type Plan } from './rounds.ts';

export interface Allocation {
  order: number;
  /** ns of alloc and free: by where the descriptor comes from, and with a record that is there. */
  ns: { sheaf: number; slab: number; kept: number; record: number };
  /** Of description, a block: the word of each page and the descriptor; a record of each page. */
  bytes: { words: number; records: number };
}

const ORDERS = [0, 2, 4, 9];
const DESCRIPTOR_BYTES = 32;
const WORD_BYTES = 4;
const RECORD_BYTES = 64;

export function measureAllocations(plan: Plan): Allocation[] {
  const words = openLab(compileLab('one-word'), createLabMemory());
  const records = openLab(compileLab('struct-page'), createLabMemory());
  return ORDERS.map((order) => {
    const from = (source: number): Contender =>
      pairsOf(order, (pairs) => words.allocFreeFrom(source, order, pairs));
    const contenders = [FROM_SHEAF, FROM_SLAB, FROM_KEPT].map(from);
    contenders.push(pairsOf(order, (pairs) => records.allocFree(order, pairs)));
    const [sheaf, slab, kept, record] = inTurn(contenders, plan) as [
      number,
      number,
      number,
      number,
    ];
    words.dropKept(order);
    const pages = 2 ** order;
    return {
      order,
      ns: { sheaf, slab, kept, record },
      bytes: { words: pages * WORD_BYTES + DESCRIPTOR_BYTES, records: pages * RECORD_BYTES },
    };
  });
}

function pairsOf(order: number, run: (pairs: number) => void): Contender {
  const pairs = order === 9 ? 16 : 512;
  return {
    pass: () => {
      run(pairs);
      return pairs;
    },
  };
}

export interface Chain {
  pages: number;
  /** ns, one descriptor a zspage against one a page. */
  make: Pair;
  list: Pair;
  find: Pair;
  /**
   * Bytes of description a zspage beside the page words, slabs and what is left over in them
   * included.
   */
  bytes: Pair;
}

export interface Pair {
  shared: number;
  linked: number;
}

const CHAINS = [4, 8, 16];
/** Zspages that are listed in turn, 8 to 32 MiB: more than caches next to a processor hold. */
const LISTED = 512;

export function measureChains(plan: Plan): Chain[] {
  return CHAINS.map((pages) => ({
    pages,
    make: pairOf(plan, (lab, kind) => {
      lab.chainPairs(kind, pages, 16);
      return 16;
    }),
    list: pairOf(
      plan,
      over(pages, (lab, kind) => lab.listChains(kind, pages, LISTED)),
    ),
    find: pairOf(
      plan,
      over(pages, (lab, kind) => lab.findZspages(kind, LISTED)),
    ),
    bytes: { shared: bytesOf(CHAIN_SHARED, pages), linked: bytesOf(CHAIN_LINKED, pages) },
  }));
}

type Loop = (lab: LabExports, kind: number) => number;

/** Over chains that are there. */
function over(pages: number, run: (lab: LabExports, kind: number) => void): Loop {
  const ready = new Set<number>();
  return (lab, kind) => {
    if (!ready.has(kind) && lab.makeChains(kind, pages, LISTED) !== LISTED) {
      throw new Error('the zone is too small');
    }
    ready.add(kind);
    run(lab, kind);
    return LISTED;
  };
}

function pairOf(plan: Plan, loop: Loop): Pair {
  const contenders = [CHAIN_SHARED, CHAIN_LINKED].map((kind): Contender => {
    const lab = openLab(compileLab('one-word'), createLabMemory());
    return { pass: () => loop(lab, kind) };
  });
  const [shared, linked] = inTurn(contenders, plan) as [number, number];
  return { shared, linked };
}

function bytesOf(kind: number, pages: number): number {
  const lab = openLab(compileLab('one-word'), createLabMemory());
  const before = lab.freePages();
  const count = 2000;
  if (lab.makeChains(kind, pages, count) !== count) throw new Error('the zone is too small');
  return ((before - lab.freePages() - count * pages) * PAGE_BYTES) / count;
}
