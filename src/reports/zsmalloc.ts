/**
 * What the pools of a zone look like, class by class, as the kernel's debugfs shows them in Linux.
 * Reads, never writes but in this thread's scratch.
 */

import type { KernelExports } from '../border/kernel.ts';
import { ZoneTooSmallError } from '../errors.ts';
import * as facts from '../generated/facts.ts';
import { largeScratchOf } from '../threads/large-scratch.ts';

export interface ClassReport {
  class: number;
  /** Bytes of an object. */
  size: number;
  /** Zspages by eighths of their objects in use: 0 to 7, and full ones. */
  zspagesByEighths: number[];
  /** Objects of all zspages, in use or free. */
  objectsAllocated: number;
  objectsUsed: number;
  pagesUsed: number;
  pagesPerZspage: number;
  /** Pages that would be free if the objects were packed. */
  freeable: number;
}

const tally = facts.offsetsOfClassTally;
/** Lists of zspages by how full they are: eighths, and full ones. */
export const EIGHTHS = 9;

/** Classes that have a zspage, of one pool (its page number) or of all pools (0). */
export function reportClasses(
  kernel: KernelExports,
  memory: WebAssembly.Memory,
  pool: number,
): ClassReport[] {
  if (kernel.prepare() < 0) throw new ZoneTooSmallError("a thread's scratch");
  const all = largeScratchOf(kernel).during(() => {
    const count = kernel.zsTally(pool);
    const start = kernel.outputScratch() >>> 0;
    return Array.from({ length: count }, (_, index) => {
      const at = start + index * tally.bytes;
      const words = new Uint32Array(memory.buffer, at, tally.bytes >> 2);
      return describe(index, words);
    });
  });
  return all.filter((one) => one.objectsAllocated > 0);
}

function describe(index: number, words: Uint32Array): ClassReport {
  const read = (offset: number): number => words[offset >> 2]!;
  const first = tally.eighths >> 2;
  return classReport(index, {
    size: read(tally.objectBytes),
    pagesPerZspage: read(tally.pagesPerZspage),
    objects: read(tally.objectsPerZspage),
    used: read(tally.used),
    pages: read(tally.pages),
    zspages: read(tally.zspages),
    eighths: [...words.subarray(first, first + EIGHTHS)],
  });
}

/** What was counted of a class. */
export interface ClassCount {
  size: number;
  pagesPerZspage: number;
  objects: number;
  used: number;
  pages: number;
  zspages: number;
  eighths: number[];
}

export function classReport(index: number, count: ClassCount): ClassReport {
  const { size, pagesPerZspage, objects, used, pages } = count;
  const whole = Math.floor(used / objects);
  const needed = whole * pagesPerZspage + Math.ceil(((used % objects) * size) / facts.PAGE_BYTES);
  return {
    class: index,
    size,
    zspagesByEighths: count.eighths,
    objectsAllocated: count.zspages * objects,
    objectsUsed: used,
    pagesUsed: pages,
    pagesPerZspage,
    freeable: Math.max(0, pages - needed),
  };
}
