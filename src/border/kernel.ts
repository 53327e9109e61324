/**
 * The border to the kernel: the only file that knows WebAssembly.
 *
 * `openKernel` gives a thread its instance over a zone's memory. Every export is guarded: a trap
 * means that the zone is poisoned, and becomes a `CorruptionError`, as it does for every other
 * thread that calls; what a call has left half-done that was cut short is repaired.
 *
 * Numbers: exports return signed 32-bit integers and take anything (NaN and 2^32 would silently
 * become 0), so callers check arguments first (arguments.ts).
 */
import { BusyError, CorruptionError, DisposedError, IncompatibleZoneError } from '../errors.ts';
import * as facts from '../generated/facts.ts';
import { guardExports } from '../generated/guard.ts';
import type { KernelExports } from '../generated/kernel-exports.ts';
import { kernelWasm } from '../generated/kernel-wasm.ts';
import { unpack } from './embedded.ts';
import { lookAtSelf, tryRepair } from './repair.ts';
import { compile } from './support.ts';

export type { KernelExports };

const faultReasons: Record<number, string> = {
  [facts.FAULT_LOCK_OWNER_DIED]: 'A lock is held by no thread of the zone',
  [facts.FAULT_TRAP]: 'An exception interrupted the kernel',
  [facts.FAULT_REFS]: 'A reference count is impossible',
  [facts.FAULT_SLAB]: 'A slab object was freed twice, or never allocated',
  [facts.FAULT_FRAMES]: 'Frame bits and counters disagree',
  [facts.FAULT_HANDLE]: 'A handle cell is in an impossible state',
  [facts.FAULT_DAMAGED_DATA]: 'Stored data is damaged',
  [facts.FAULT_PAGE_WORD]: 'A page word contradicts its owner',
  [facts.FAULT_INDEX]: 'The index and its entries disagree',
  [facts.FAULT_FORSAKEN]: 'A thread waited in vain, and nobody is left who could notice a death',
  [facts.FAULT_LIMBO]: 'What waits for readers and its count disagree',
};

/** What a FAULT_… number means. */
export function faultReason(fault: number): string {
  return faultReasons[fault] ?? 'An unknown fault was found';
}

/** A `CorruptionError` for a FAULT_… number. */
export function corruption(fault: number, slot: number, detail: number, cause?: unknown): Error {
  return new CorruptionError(faultReason(fault), fault, slot, detail, cause);
}

let compiled: WebAssembly.Module | undefined;

/**
 * The module, compiled once a thread. Throws `UnsupportedError`. Cost: milliseconds, the first
 * time.
 */
export function kernelModule(): WebAssembly.Module {
  compiled ??= compile(unpack(kernelWasm));
  return compiled;
}

/** An instance of the kernel over `memory`, not attached to anything yet. */
export function openKernel(memory: WebAssembly.Memory): KernelExports {
  const raw = instantiate(kernelModule(), memory) as unknown as KernelExports;
  return guardExports(raw, new Watch(raw));
}

/** The exports of a module of ours over a memory, as they are. */
export function instantiate(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): WebAssembly.Exports {
  try {
    return new WebAssembly.Instance(module, { env: { memory } }).exports;
  } catch (error) {
    throw new IncompatibleZoneError(`the memory does not fit (${(error as Error).message})`);
  }
}

/** Tries to repair, each as long as others may be in their calls: two seconds. */
const REPAIR_TRIES = 50;
const settled = Promise.resolve();
// Where there is no WebAssembly this file is loaded all the same, and nothing of it is called.
const RuntimeError = globalThis.WebAssembly?.RuntimeError as typeof WebAssembly.RuntimeError;

/**
 * What the wrappers of an instance share: the look after the turn, and what an exception means.
 *
 * Three things come out of a call besides its result.
 *   a trap      the zone is poisoned; this call was refused: a call before it was cut short; or it
 *               has waited for long, and this thread may not park (kernel/thread/patience.ts)
 *   RangeError  the stack is full. It is the caller's affair and goes on as it is. What it has cut
 *               short stands in the thread's slot, and is repaired when somebody finds it
 *   nothing     a time-out of `node:vm`, or Ctrl-C: the engine unwinds us without `catch` or
 *               `finally`
 * Who finds it: the next call; a microtask, which the first call of a turn that changes anything
 * queues; or whoever waits for what the thread has left behind (kernel/thread/park.ts,
 * src/threads/). The last two run when the stack is empty.
 */
class Watch {
  /** Whether the microtask is queued. */
  isDue = false;
  readonly #raw: KernelExports;

  constructor(raw: KernelExports) {
    this.#raw = raw;
  }

  /** Queues it. */
  look(): void {
    settled.then(this.#lookAfterTurn);
    this.isDue = true;
  }

  readonly #lookAfterTurn = (): void => {
    this.isDue = false;
    lookAtSelf(this.#raw);
  };

  /** Explains an exception by throwing, or makes the call again. */
  mend(exception: unknown, call: (...args: never[]) => unknown, args: number[]): unknown {
    if (!(exception instanceof RuntimeError)) {
      settled.then(this.#lookAfterTurn);
      throw exception;
    }
    const reason = this.#raw.wasRefused();
    if (reason !== facts.REFUSED) throw this.#whyEnded(reason, exception);
    if (this.#raw.isAttached() === 0) throw new DisposedError('arena');
    try {
      this.#repair();
      return call(...(args as never[]));
    } catch (second) {
      throw second instanceof RuntimeError
        ? this.#whyEnded(this.#raw.wasRefused(), second)
        : second;
    }
  }

  #whyEnded(reason: number, cause: unknown): Error {
    if (reason !== facts.GAVE_UP) return this.#explain(cause);
    settled.then(this.#lookAfterTurn);
    // Mostly it can be done at once, and nothing of the call is left.
    tryRepair(this.#raw, 0);
    return new BusyError('others do not end what this thread may not wait for');
  }

  #repair(): void {
    for (let tries = 0; tries < REPAIR_TRIES; tries++) {
      if (this.#raw.repairSelf(0) !== facts.ERR_BUSY) return;
    }
    throw new BusyError('other threads do not end their calls');
  }

  #explain(cause: unknown): Error {
    const raw = this.#raw;
    if (raw.fault() === 0) raw.callFailed();
    const fault = raw.fault() || facts.FAULT_TRAP;
    return corruption(fault, raw.faultSlot(), raw.faultDetail(), cause);
  }
}

/** Throws a poisoned zone's error, for figures that are read without entering the kernel. */
export function throwIfPoisoned(kernel: KernelExports): void {
  if (kernel.fault() !== 0) {
    throw corruption(kernel.fault(), kernel.faultSlot(), kernel.faultDetail());
  }
}
