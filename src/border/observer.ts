/**
 * The border for observers: threads that look at a zone and never attach to it.
 *
 * An observer calls only what neither stores, nor locks, nor waits. Its exports are not guarded: a
 * trap on the way through memory that changes underfoot, or that a fault has damaged, is no fault of
 * the zone's, so it poisons nothing. Callers take it as "not seen".
 */
import { IncompatibleZoneError } from '../errors.ts';
import * as facts from '../generated/facts.ts';
import { type KernelExports, kernelInstance } from './kernel.ts';

/** Exports that only look; kernel/exports/observe.ts and kernel/exports/statistics.ts say what each does. */
export interface ObserverExports
  extends Pick<
    KernelExports,
    | 'childrenOf'
    | 'counter'
    | 'entryCount'
    | 'fault'
    | 'faultDetail'
    | 'faultSlot'
    | 'firstPfn'
    | 'fragmentationIndex'
    | 'freeBlocks'
    | 'freePagesNow'
    | 'cacheNameOf'
    | 'keyBytes'
    | 'limboOf'
    | 'liveThreads'
    | 'minPages'
    | 'pageCount'
    | 'stockedPages'
    | 'typeNameAt'
    | 'unusableFreeIndex'
    | 'valueBytes'
    | 'zoneIdHi'
    | 'zoneIdLo'
  > {
  observePage(pfn: number): void;
  observed(field: number): number;
  observedClass(sizeClass: number, figure: number): number;
  observedSlab(cache: number, figure: number): number;
  nextZspageSlab(pfn: number): number;
  observeZspage(pfn: number, index: number): number;
}

/** Throws `IncompatibleZoneError` for memory that is no zone of this version. */
export function openObserver(memory: WebAssembly.Memory): ObserverExports {
  const words = new Uint32Array(memory.buffer);
  if (words[0] !== facts.ZONE_MAGIC) {
    throw new IncompatibleZoneError('the memory is not a pageless zone');
  }
  if (words[1] !== facts.FORMAT_VERSION) {
    throw new IncompatibleZoneError('the zone was made by another version of pageless');
  }
  return kernelInstance(memory) as unknown as ObserverExports;
}

/** The page map itself, one word a page, as other threads change it. */
export function pageMapOf(memory: WebAssembly.Memory, pages: number): Uint32Array {
  return new Uint32Array(memory.buffer, facts.PAGE_MAP, pages);
}
