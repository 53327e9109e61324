/**
 * The border for observers: threads that look at a zone and never attach to it.
 *
 * An observer has a module of its own, in which there is no instruction that stores, locks or waits
 * (kernel/observer.ts). Its exports are not guarded: a trap on the way through memory that changes
 * underfoot, or that a fault has damaged, is no fault of the zone's, so it poisons nothing. Callers
 * take it as "not seen".
 */
import { IncompatibleZoneError } from '../errors.ts';
import * as facts from '../generated/facts.ts';
import { observerWasm } from '../generated/observer-wasm.ts';
import { unpack } from './embedded.ts';
import { instantiate, type KernelExports } from './kernel.ts';

/** What it exports; the files of kernel/exports/ say what each does. */
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
    | 'liveOwner'
    | 'liveThreads'
    | 'minPages'
    | 'pageCount'
    | 'stockedPages'
    | 'supervisorOwner'
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

let compiled: WebAssembly.Module | undefined;

/** Throws `IncompatibleZoneError` for memory that is no zone of this version. */
export function openObserver(memory: WebAssembly.Memory): ObserverExports {
  const words = new Uint32Array(memory.buffer);
  if (words[0] !== facts.ZONE_MAGIC) {
    throw new IncompatibleZoneError('the memory is not a pageless zone');
  }
  if (words[1] !== facts.FORMAT_VERSION) {
    throw new IncompatibleZoneError('the zone was made by another version of pageless');
  }
  compiled ??= new WebAssembly.Module(unpack(observerWasm));
  return instantiate(compiled, memory) as unknown as ObserverExports;
}

/** The page map itself, one word a page, as other threads change it. */
export function pageMapOf(memory: WebAssembly.Memory, pages: number): Uint32Array {
  return new Uint32Array(memory.buffer, facts.PAGE_MAP, pages);
}
