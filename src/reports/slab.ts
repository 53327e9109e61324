/**
 * What the caches of objects look like: `/proc/slabinfo`, as data. Reads, never writes.
 */

import type { KernelExports } from '../border/kernel.ts';
import * as facts from '../generated/facts.ts';

/** The kernel's own caches; the others have names in the zone. */
const names: Record<number, string> = {
  [facts.CACHE_SLAB]: 'slab',
  [facts.CACHE_ZSPAGE]: 'zspage',
  [facts.CACHE_CELL]: 'cell',
  [facts.CACHE_FOLIO]: 'folio',
  [facts.CACHE_FOLIO_64]: 'folio-64',
  [facts.CACHE_FOLIO_128]: 'folio-128',
  [facts.CACHE_SHEAF]: 'sheaf',
};

export interface SlabInfo {
  name: string;
  /** Whether `arena.createObjectCache` made it. */
  isUsers: boolean;
  objectBytes: number;
  objectsPerSlab: number;
  /** Objects that are somebody's. */
  activeObjects: number;
  /** Free objects at hand: in threads' sheaves and in the barn. */
  sheavedObjects: number;
  /** Objects that its slabs have room for. */
  objects: number;
  /** Pages. */
  slabs: number;
  /** Full sheaves in the barn. */
  barnSheaves: number;
}

/** What a report needs: the kernel's exports, or an observer's. */
export type SlabSource = Pick<KernelExports, 'slabFigure' | 'cacheNameOf'>;

export function reportSlabs(kernel: SlabSource, memory: WebAssembly.Memory): SlabInfo[] {
  const infos: SlabInfo[] = [];
  for (let cache = 0; cache < facts.CACHES; cache++) {
    const figure = (which: number): number => kernel.slabFigure(cache, which) >>> 0;
    if (figure(facts.FIGURE_OBJECT_BYTES) === 0) continue;
    const objectsPerSlab = figure(facts.FIGURE_PER_SLAB);
    const slabs = figure(facts.FIGURE_SLABS);
    infos.push({
      name: cacheName(kernel, memory, cache),
      isUsers: cache >= facts.FIRST_USER_CACHE,
      objectBytes: figure(facts.FIGURE_OBJECT_BYTES),
      objectsPerSlab,
      activeObjects: figure(facts.FIGURE_IN_USE),
      sheavedObjects: figure(facts.FIGURE_IN_SHEAVES),
      objects: slabs * objectsPerSlab,
      slabs,
      barnSheaves: figure(facts.FIGURE_BARN),
    });
  }
  return infos;
}

/** What a cache is called. */
export function cacheName(
  kernel: Pick<KernelExports, 'cacheNameOf'>,
  memory: WebAssembly.Memory,
  cache: number,
): string {
  if (cache < facts.FIRST_USER_CACHE) return names[cache] ?? `kernel ${cache}`;
  const address = kernel.cacheNameOf(cache) >>> 0;
  // A copy: a decoder does not take shared memory.
  const bytes = new Uint8Array(new Uint8Array(memory.buffer, address, facts.NAME_BYTES));
  return new TextDecoder().decode(bytes).replace(/\0+$/, '');
}
