/** Zones to compact: filled with movable pages in random order, then thinned out at random. */

import type { ZsPool } from '../../src/arena/zs-pool.ts';
import * as facts from '../../src/generated/facts.ts';
import { Arena } from '../../src/index.ts';
import { numbersFrom } from '../../test/support/numbers.ts';

export function shuffle<T>(things: T[], draw: (limit: number) => number): T[] {
  for (let i = things.length - 1; i > 0; i--) {
    const j = draw(i + 1);
    [things[i], things[j]] = [things[j]!, things[i]!];
  }
  return things;
}

export interface Terrain {
  arena: Arena;
  /** Frees something that is left. */
  left: (() => void)[];
}

export interface Plan {
  bytes: number;
  /** Share of the zone that is filled first. */
  filled: number;
  /** Share of that which is then freed. */
  freed: number;
  /** Whether every second page is a zspage's. */
  hasObjects: boolean;
}

/** An arena whose memory the system has given already: a first touch costs more than a copy. */
export function newArena(bytes: number): Arena {
  const arena = new Arena({ size: bytes });
  const all = new Uint8Array(arena.memory.buffer);
  for (let at = arena.kernel.firstPfn() * facts.PAGE_BYTES; at < bytes; at += facts.PAGE_BYTES) {
    // What is in use already keeps its first byte.
    if (arena.kernel.pageWordOf(at / facts.PAGE_BYTES) === 0) all[at] = 1;
  }
  return arena;
}

/** An arena with folios of order 0 and, in turn with them, objects of some 3 KiB. */
export function makeTerrain({ bytes, filled, freed, hasObjects }: Plan, seed: number): Terrain {
  const arena = newArena(bytes);
  const draw = numbersFrom(seed);
  const pool = hasObjects ? arena.createZsPool() : undefined;
  const reserve = Math.floor((bytes / facts.PAGE_BYTES) * (1 - filled));
  const left: (() => void)[] = [];
  while (arena.kernel.freePagesNow() > reserve) {
    const isObject = pool !== undefined && left.length % 2 === 0;
    const free = isObject ? addObject(pool, draw) : addFolio(arena);
    if (free === undefined) break;
    left.push(free);
  }
  shuffle(left, draw);
  for (const free of left.splice(0, Math.floor(left.length * freed))) free();
  return { arena, left };
}

function addFolio(arena: Arena): (() => void) | undefined {
  const folio = arena.allocFolio(0);
  return folio && (() => folio.free());
}

function addObject(pool: ZsPool, draw: (limit: number) => number): (() => void) | undefined {
  const bytes = new Uint8Array(2500 + draw(1500)).fill(1 + draw(255));
  bytes[0] = 0;
  const handle = pool.malloc(bytes.length);
  if (handle === undefined) return undefined;
  pool.write(handle, bytes);
  return () => pool.free(handle);
}

const typeOf = (word: number): number => word & facts.TYPE_MASK;
const movable: number[] = [facts.TYPE_ANON_FOLIO, facts.TYPE_FILE_FOLIO, facts.TYPE_ZSPAGE];

export interface Survey {
  freePages: number;
  /** Free pages in children of 2 MiB in which something cannot be moved. */
  strandedPages: number;
  /** Children that are wholly free. */
  freeChildren: number;
}

/** Counts from the page words alone. */
export function survey({ kernel }: Arena): Survey {
  const found: Survey = { freePages: 0, strandedPages: 0, freeChildren: 0 };
  for (let first = 0; first < kernel.pageCount(); first += facts.CHILD_PAGES) {
    const end = Math.min(first + facts.CHILD_PAGES, kernel.pageCount());
    let free = 0;
    let isPlain = end - first === facts.CHILD_PAGES;
    for (let pfn = first; pfn < end; pfn++) {
      const type = typeOf(kernel.pageWordOf(pfn));
      if (type === facts.TYPE_FREE) free++;
      else if (!movable.includes(type)) isPlain = false;
    }
    found.freePages += free;
    if (!isPlain) found.strandedPages += free;
    if (free === facts.CHILD_PAGES) found.freeChildren++;
  }
  return found;
}
