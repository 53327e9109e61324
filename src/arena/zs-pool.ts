/**
 * ZsPool: small pieces of shared memory, from 0 to 4096 bytes, named by handles.
 *
 * A pool packs objects of any length into scattered single pages with a few per cent of overhead,
 * and moves them together when many were freed, while other threads read and write them. A handle
 * is a number; every thread that has the pool may use it. It stays what it is when its object
 * moves, and is stale once its object is freed: that is found and thrown.
 *
 * Reading takes no lock. `write` replaces an object's contents as a whole: whoever reads meanwhile
 * gets the old bytes or the new ones, never a mixture.
 *
 * Lifetime: the pool lives as long as its arena. `dispose` ends this thread's use of it. Objects
 * belong to nobody: those of a thread that ended stay until somebody frees them.
 */

import {
  checkAmount,
  checkBytes,
  checkInteger,
  checkObject,
  checkOptions,
} from '../border/arguments.ts';
import { INSPECT, type Inspect, inspectAs } from '../border/inspect.ts';
import type { KernelExports } from '../border/kernel.ts';
import { viewOf } from '../border/views.ts';
import {
  BusyError,
  DisposedError,
  ForeignHandleError,
  InvalidArgumentError,
  StaleError,
} from '../errors.ts';
import * as facts from '../generated/facts.ts';
import { copyBytes } from '../language/copies.ts';
import { type ClassReport, reportClasses } from '../reports/zsmalloc.ts';
import { pause } from '../threads/pause.ts';
import { Attachment } from './attachment.ts';
import type { ArenaHandle } from './handle.ts';
import { takeScratch } from './scratch.ts';

/** What another thread needs to attach. Structured-cloneable. */
export interface ZsPoolHandle {
  kind: 'pageless-zspool';
  arena: ArenaHandle;
  pool: number;
}

export interface CompactOptions {
  /** Milliseconds after which to stop; default 10. */
  budgetMs?: number | undefined;
  /**
   * Size classes are left alone of whose part-filled zspages less than this share is free: 0 … 1.
   */
  threshold?: number | undefined;
}

export interface CompactReport {
  /** Objects that were moved. */
  moved: number;
  /** Pages that this freed, those that it needed subtracted. */
  pagesFreed: number;
  /** Whether nothing was left to do, or the budget was spent. */
  isComplete: boolean;
  ms: number;
}

/** For so long a call is tried again that readers hold up, a millisecond apart. */
const READERS_WAIT_MS = 100;

export class ZsPool implements Disposable {
  readonly #at: Attachment;
  readonly #isOwn: boolean;
  readonly #pool: number;
  readonly #bytes: Uint8Array;
  /** Where an object is put to be written: ends where the scratch does. */
  readonly #input: Uint8Array;
  readonly #output: number;
  #isDisposed = false;

  /** @internal `arena.createZsPool()` and `ZsPool.attach` make pools. */
  constructor(attachment: Attachment, pool: number, isOwn: boolean) {
    const { kernel, memory } = attachment;
    takeScratch(kernel);
    this.#at = attachment;
    this.#isOwn = isOwn;
    this.#pool = pool;
    this.#bytes = viewOf(memory.buffer);
    const input = kernel.inputScratch() >>> 0;
    this.#input = this.#bytes.subarray(input, input + facts.MAX_PAYLOAD);
    this.#output = kernel.outputScratch() >>> 0;
  }

  /** Attaches this thread. Throws like `Arena.attach`. */
  static attach(handle: ZsPoolHandle): ZsPool {
    const expected = "another thread's pool.handle";
    const { kind, arena: home, pool } = checkObject('handle', handle, expected);
    if (kind !== 'pageless-zspool') throw new InvalidArgumentError('handle', expected, handle);
    const attachment = Attachment.to(home);
    try {
      checkInteger('handle.pool', pool, 1, attachment.kernel.pageCount() - 1);
      if (attachment.kernel.zsIsPool(pool) === 0) {
        throw new InvalidArgumentError('handle.pool', 'a pool of the arena', pool);
      }
      return new ZsPool(attachment, pool, true);
    } catch (error) {
      attachment.close();
      throw error;
    }
  }

  get handle(): ZsPoolHandle {
    this.#live();
    return { kind: 'pageless-zspool', arena: this.#at.handle, pool: this.#pool };
  }

  /**
   * Makes an object of `bytes` zeros, 0 … 4096. It takes memory only when it is written.
   *
   * @returns its handle, or undefined when the arena is full
   */
  malloc(bytes: number): number | undefined {
    checkInteger('bytes', bytes, 0, facts.MAX_PAYLOAD);
    const handle = this.#live().zsMalloc(this.#pool, bytes);
    return handle < 0 ? undefined : handle;
  }

  /**
   * Replaces an object's contents, and its length. Throws `StaleError`, `ForeignHandleError`.
   *
   * @returns false when the arena is full; then nothing has changed
   */
  write(handle: number, bytes: Uint8Array): boolean {
    const kernel = this.#live();
    checkHandle(handle);
    const length = checkBytes('bytes', bytes, facts.MAX_PAYLOAD);
    copyBytes(this.#input, bytes, length);
    const code = patiently(() => kernel.zsOverwrite(this.#pool, handle, length));
    if (code === facts.ERR_NO_MEMORY) return false;
    check(handle, code);
    return true;
  }

  /** A copy of an object's contents. Throws `StaleError`, `ForeignHandleError`. */
  read(handle: number): Uint8Array<ArrayBuffer> {
    const kernel = this.#live();
    checkHandle(handle);
    const length = kernel.zsReadObject(this.#pool, handle);
    check(handle, length);
    return new Uint8Array(this.#bytes.subarray(this.#output, this.#output + length));
  }

  /** Frees an object. Throws `StaleError` if that was done before, `ForeignHandleError`. */
  free(handle: number): void {
    const kernel = this.#live();
    checkHandle(handle);
    check(
      handle,
      patiently(() => kernel.zsFree(this.#pool, handle)),
    );
  }

  /**
   * Moves objects together until there is nothing left to gain or the time is spent. Other threads
   * go on meanwhile; each step is some microseconds long.
   */
  compact(options: CompactOptions = {}): CompactReport {
    const { budgetMs = 10, threshold = 0 } = checkOptions(options, ['budgetMs', 'threshold']);
    checkAmount('threshold', threshold, 1);
    checkAmount('budgetMs', budgetMs);
    const kernel = this.#live();
    const start = performance.now();
    const thousandths = Math.round(threshold * 1000);
    let moved = 0;
    let step = facts.ERR_BUSY;
    kernel.reclaim();
    kernel.zsCompactBegin();
    while (step !== 0 && performance.now() - start < budgetMs) {
      step = kernel.zsCompactSome(this.#pool, thousandths);
      if (step > 0) moved += step;
    }
    const ms = performance.now() - start;
    return { moved, pagesFreed: kernel.zsCompactPages(), isComplete: step === 0, ms };
  }

  /** Figures of each size class that the pool uses. Momentary; cost: a look at every page word. */
  report(): ClassReport[] {
    const kernel = this.#live();
    return reportClasses(kernel, this.#at.memory, this.#pool);
  }

  /** Ends this thread's use of the pool, which lives on with its arena. */
  close(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    if (this.#isOwn) this.#at.close();
  }

  /** As `close`, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal */
  [INSPECT](depth: number, options: object, inspect: Inspect): string {
    const facts = () => ({ pool: this.handle.pool });
    return inspectAs('ZsPool', facts, depth, options, inspect);
  }

  #live(): KernelExports {
    if (this.#isDisposed) throw new DisposedError('pool');
    return this.#at.kernel;
  }
}

function checkHandle(handle: number): void {
  checkInteger('handle', handle, 1, Number.MAX_SAFE_INTEGER);
}

/** Throws what a kernel's code below 0 means. */
function check(handle: number, code: number): void {
  if (code >= 0) return;
  if (code === facts.ERR_FOREIGN_HANDLE) throw new ForeignHandleError(handle);
  if (code === facts.ERR_BUSY) throw new BusyError('readers hold up what was freed before');
  throw new StaleError('object', handle);
}

/** Calls again while readers hold up what was freed before: microseconds, unless one is dead. */
function patiently(call: () => number): number {
  let code = call();
  for (let waited = 0; code === facts.ERR_BUSY && waited < READERS_WAIT_MS; waited++) {
    pause(1);
    code = call();
  }
  return code;
}
