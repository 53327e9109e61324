/**
 * Arena: memory that all threads share, and the pages in it.
 *
 * An arena is one zone: a `WebAssembly.Memory` of fixed size, committed by the operating system as
 * it is touched. The creator formats it; other threads attach to its handle, which crosses by
 * `workerData` or `postMessage`. Every thread has one slot in a zone, so arenas and caches that are
 * opened twice in a thread share it.
 *
 * Lifetime: a zone lives as long as any thread holds it. The creator may exit first; `dispose`
 * gives back this thread's slot and scratch. The memory then is this thread's next arena of the
 * size, or returns to the operating system when the engine of every thread that had it has
 * collected it (a `workerData` that still holds the handle refers to it).
 */

import { checkFile, checkInteger, checkOptions, checkSignal } from '../border/arguments.ts';
import { INSPECT, type Inspect, inspectAs } from '../border/inspect.ts';
import { corruption, type KernelExports, throwIfPoisoned } from '../border/kernel.ts';
import { NoDescriptorError, ZoneTooSmallError } from '../errors.ts';
import * as facts from '../generated/facts.ts';
import { type BuddyInfo, buddyInfo, type PageTypeInfo, pageTypeInfo } from '../reports/frames.ts';
import { reportSlabs, type SlabInfo } from '../reports/slab.ts';
import {
  describePage,
  type PageDescription,
  reportZone,
  type ZoneReport,
} from '../reports/zone.ts';
import { type ClassReport, reportClasses } from '../reports/zsmalloc.ts';
import { formatSize } from '../sizes.ts';
import { reapThread } from '../threads/reap.ts';
import type { Zone } from '../threads/registry.ts';
import { createZone, join } from '../threads/zone.ts';
import { Attachment } from './attachment.ts';
import * as compaction from './compaction.ts';
import { allocFolio, type Folio, type FolioOptions, folioAt, folioNamed } from './folio.ts';
import type { ArenaHandle } from './handle.ts';
import { loadImage, saveImage } from './image.ts';
import { invalidFree } from './invalid-free.ts';
import { ObjectCache, type ObjectCacheOptions } from './object-cache.ts';
import { checkPin, Pin } from './pin.ts';
import { type PoisonResult, poisonPage } from './poison.ts';
import { registerUserType, type UserType } from './user-types.ts';
import { ZsPool } from './zs-pool.ts';

export type { ArenaHandle };

export interface ArenaOptions {
  /** Bytes, or a text like `'256MiB'`; 4 MiB … 4 GiB, metadata included. Never exceeded. */
  size: number | string;
}

export interface ReapOptions {
  /** Ends the waiting: the promise is rejected with its reason. */
  signal?: AbortSignal | undefined;
}

export class Arena implements Disposable {
  readonly #at: Attachment;
  /** Its kernel, until this is closed: without it three looks, each waiting for the one before. */
  #kernel: KernelExports | undefined;

  /** Creates an arena. Throws `InvalidArgumentError` for a size out of range. */
  constructor(options: ArenaOptions);
  /** @internal */
  constructor(options: undefined, attachment: Attachment);
  constructor(options?: ArenaOptions, attachment?: Attachment) {
    this.#at = attachment ?? new Attachment(createZone(checkOptions(options!, ['size']).size));
    this.#kernel = this.#at.kernel;
  }

  /** Attaches this thread. Throws `IncompatibleZoneError`, `TooManyThreadsError`. */
  static attach(handle: ArenaHandle): Arena {
    return new Arena(undefined, Attachment.to(handle));
  }

  /**
   * Makes an arena of an image, for reports and checks. Its threads are gone; nobody supervises it.
   * Node only. Throws `BadImageError`, and `CorruptionError` when what it holds contradicts itself.
   */
  static load(file: string): Arena {
    const { memory, kernel } = loadImage(checkFile('file', file));
    const arena = new Arena(undefined, new Attachment(join(memory, kernel, true)));
    try {
      kernel.recoverDead();
    } catch (error) {
      arena.close();
      throw error;
    }
    return arena;
  }

  get handle(): ArenaHandle {
    return this.#at.handle;
  }

  /** Bytes of the whole arena. */
  get size(): number {
    return this.memory.buffer.byteLength;
  }

  /**
   * Allocates 2^order contiguous pages, order 0 … 10, aligned to their size. They hold what their
   * last user left.
   *
   * @returns the number of the first page, or undefined when there is no such block
   */
  allocPages(order: number, options?: compaction.PageOptions): number | undefined {
    checkInteger('order', order, 0, facts.MAX_ORDER);
    // Without options there is nothing to read: a quarter of the call's time.
    const pfn =
      options === undefined
        ? this.kernel.allocPages(order, 0)
        : compaction.allocPages(this.kernel, order, options);
    return pfn < 0 ? undefined : pfn;
  }

  /** Frees a block. Throws `InvalidFreeError`, and has changed nothing, if it is not one's own. */
  freePages(pfn: number, order: number): void {
    checkInteger('pfn', pfn, 0, 0xffffffff);
    checkInteger('order', order, 0, facts.MAX_ORDER);
    const failure = this.kernel.freePages(pfn, order);
    if (failure < 0) throw invalidFree(pfn, order, failure);
  }

  /**
   * Frees an aligned part of a block of `blockOrder` pages; what stays is smaller blocks: one of
   * the part's order beside it, and one of each larger order up to half the block. Throws as
   * `freePages`.
   */
  freePart(pfn: number, order: number, blockOrder: number): void {
    checkInteger('pfn', pfn, 0, 0xffffffff);
    checkInteger('blockOrder', blockOrder, 1, facts.MAX_ORDER);
    checkInteger('order', order, 0, blockOrder - 1);
    const failure = this.kernel.freePart(pfn, order, blockOrder);
    if (failure < 0) throw invalidFree(pfn, order, failure);
  }

  /**
   * Moves pages together so that larger free blocks come to be, while other threads go on. Names
   * and handles, and whatever else a program holds, stay true.
   */
  compact(options: compaction.CompactionOptions = {}): compaction.CompactionReport {
    return compaction.compactArena(this.kernel, options);
  }

  /** Moves what can be moved out of a range of pages, and says what cannot. */
  evacuate(options: compaction.EvacuationOptions): compaction.EvacuationReport {
    return compaction.evacuateRange(this.kernel, options);
  }

  /** Compacts beside this thread's other work, with a share of a CPU, until it is disposed. */
  startCompaction(options: compaction.BackgroundOptions = {}): compaction.BackgroundCompaction {
    return compaction.startCompaction(() => this.kernel, options);
  }

  /**
   * Opens the cache of objects with this name, and makes it if there is none. It lives as long as
   * the arena. Throws `CacheMismatchError` if its objects have another size, `TooManyCachesError`.
   */
  createObjectCache(options: ObjectCacheOptions): ObjectCache {
    return new ObjectCache(this, options);
  }

  /** The bytes of a block that `allocPages` returned. Not checked, not kept alive. */
  bytesOf(pfn: number, order: number): Uint8Array {
    checkInteger('order', order, 0, facts.MAX_ORDER);
    checkInteger('pfn', pfn, 0, this.kernel.pageCount() - 2 ** order);
    const address = pfn * facts.PAGE_BYTES;
    this.kernel.lend();
    return new Uint8Array(this.memory.buffer, address, facts.PAGE_BYTES << order);
  }

  /**
   * Allocates a folio: 2^order contiguous pages with a descriptor, order 0 … 9. They hold what
   * their last user left.
   *
   * @returns undefined when there is no memory
   */
  allocFolio(order: number, options: FolioOptions = {}): Folio | undefined {
    return allocFolio(this, order, options);
  }

  /** The folio of that name, which another thread may have made; undefined if it was freed. */
  folio(name: number): Folio | undefined {
    return folioNamed(this, name);
  }

  /** The folio that a page belongs to; undefined if it is something else's. */
  folioAt(pfn: number): Folio | undefined {
    checkInteger('pfn', pfn, 0, this.kernel.pageCount() - 1);
    return folioAt(this, pfn);
  }

  /**
   * Pins whatever descriptor a page has: a folio's, a slab's, a zspage's. Throws
   * `NoDescriptorError` for pages without one, `BusyError`.
   */
  pin(pfn: number): Pin {
    checkInteger('pfn', pfn, 0, this.kernel.pageCount() - 1);
    const pinned = checkPin(this.kernel.pinPage(pfn));
    if (pinned === undefined) throw new NoDescriptorError(pfn);
    return new Pin(this.zone, pinned);
  }

  /**
   * Gives one of eight page types a name, or finds the one that has it. All threads agree: throws
   * `TypeConflictError` if the name has other properties, or all eight are taken.
   *
   * @returns the type's number, for `allocFolio`
   */
  registerType(type: UserType): number {
    return registerUserType(this.kernel, this.memory, type);
  }

  /**
   * Makes a pool of objects of up to 4096 bytes; its handle lets other threads attach. Throws
   * `ZoneTooSmallError`.
   */
  createZsPool(): ZsPool {
    const pool = this.kernel.zsCreate();
    if (pool < 0) throw new ZoneTooSmallError('a pool');
    return new ZsPool(this.#at, pool, false);
  }

  /** Figures of every size class in use, over all pools and the cache. */
  reportZsmalloc(): ClassReport[] {
    throwIfPoisoned(this.kernel);
    return reportClasses(this.kernel, this.memory, 0);
  }

  /**
   * Whose page that is: its use, and of its descriptor the order, pins, owner words, who has locked
   * it. A look that takes no reference; if it kept changing meanwhile, `isFaithful` is false.
   */
  describe(pfn: number): PageDescription {
    checkInteger('pfn', pfn, 0, this.kernel.pageCount() - 1);
    return describePage(this.kernel, this.memory, pfn);
  }

  /**
   * Takes a page out of use for ever, as a kernel does with memory that fails: it is never handed
   * out again. A free page can be, and one that can be moved; others are refused, with the reason,
   * and nothing has changed.
   */
  poison(pfn: number): PoisonResult {
    checkInteger('pfn', pfn, 0, this.kernel.pageCount() - 1);
    return poisonPage(this.kernel, pfn);
  }

  /** Brings a poisoned page back into use. @returns false if it was none */
  unpoison(pfn: number): boolean {
    checkInteger('pfn', pfn, 0, this.kernel.pageCount() - 1);
    return this.kernel.unpoisonPage(pfn) === 0;
  }

  /**
   * Waits until every kernel call that was under way in any thread has ended: afterwards nobody
   * looks at what was unlinked before. Microseconds, unless a thread is off its CPU.
   *
   * @param limitMs  how long at most, in milliseconds; default 1000
   * @returns false when that was not enough: see `stalls`
   */
  synchronize(limitMs = 1000): boolean {
    checkInteger('limitMs', limitMs, 0, 0x7fffffff);
    return this.kernel.synchronize(limitMs) === 0;
  }

  /** Threads that are in a section now, and how many grace periods have begun since. */
  stalls(): { slot: number; age: number }[] {
    return Array.from({ length: facts.MAX_SLOT }, (_, i) => i + 1)
      .map((slot) => ({ slot, age: this.kernel.sectionAge(slot) }))
      .filter(({ age }) => age > 0);
  }

  /** The number of this thread in the arena, for `reap` in another. */
  get thread(): number {
    return this.zone.owner;
  }

  /**
   * Waits until the thread of that number has left, or is proven dead, and what it owned is given
   * back: after `worker.terminate()`. A signal ends the waiting, which in browsers may take
   * seconds.
   */
  async reap(thread: number, options: ReapOptions = {}): Promise<void> {
    checkInteger('thread', thread, 1, 0xffffffff);
    const { signal } = checkOptions(options, ['signal']);
    checkSignal('signal', signal);
    await reapThread(this.zone, thread, signal);
  }

  /** Figures of the whole zone, read from it. Cost: one look at every page word. */
  report(): ZoneReport {
    throwIfPoisoned(this.kernel);
    return reportZone(this.kernel);
  }

  /** What is free, by size of block. Read without a lock: exact only while nobody allocates. */
  buddyInfo(): BuddyInfo {
    throwIfPoisoned(this.kernel);
    return buddyInfo(this.kernel);
  }

  /** The same for each class of memory, and how many 2 MiB blocks each class occupies. */
  pageTypeInfo(): PageTypeInfo {
    throwIfPoisoned(this.kernel);
    return pageTypeInfo(this.kernel);
  }

  /** Figures of the caches of objects, as `/proc/slabinfo` gives them. Cost: one look at each. */
  slabInfo(): SlabInfo[] {
    throwIfPoisoned(this.kernel);
    return reportSlabs(this.kernel, this.memory);
  }

  /** Checks every invariant of every floor. Throws `CorruptionError` at the first contradiction. */
  check(): void {
    const fault = this.kernel.check();
    if (fault !== 0) throw corruption(fault, 0, this.kernel.checkDetail());
  }

  /**
   * Writes an image of the whole arena to a file. Node only. Writers wait meanwhile, readers do
   * not. Throws `BadImageError`, and has written nothing, also when other threads keep it busy.
   */
  save(file: string): void {
    const { memory, kernel } = this;
    saveImage(checkFile('file', file), memory, kernel);
  }

  /** Gives back this thread's slot, unless another arena or cache of the thread uses it. */
  close(): void {
    this.#kernel = undefined;
    this.#at.close();
  }

  /** As `close`, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal */
  [INSPECT](depth: number, options: object, inspect: Inspect): string {
    const shown = () => ({
      size: formatSize(this.size),
      free: formatSize(this.kernel.freePagesNow() * facts.PAGE_BYTES),
      threads: this.kernel.liveThreads(),
    });
    return inspectAs('Arena', shown, depth, options, inspect);
  }

  /** @internal What pins of this thread are taken in. */
  get zone(): Zone {
    return this.#at.zone;
  }

  /** @internal */
  get kernel(): KernelExports {
    return this.#kernel ?? this.#at.kernel;
  }

  /** @internal */
  get memory(): WebAssembly.Memory {
    return this.#at.memory;
  }
}
