/**
 * Pins: what keeps a page's descriptor, and with it a folio's pages, where they are.
 *
 * A pin belongs to the thread that took it, stands in that thread's ledger, and is given back when
 * it is disposed, when the thread detaches, or when the thread dies. Whatever has a descriptor can
 * be pinned and locked alike: folios, slabs, zspages.
 */

import { INSPECT, type Inspect, inspectAs } from '../border/inspect.ts';
import type { KernelExports } from '../border/kernel.ts';
import { BusyError, DisposedError, NotYoursError } from '../errors.ts';
import * as facts from '../generated/facts.ts';

/** Says why a thread gets no pin, or throws that it has too many or that somebody is in the way. */
export function checkPin(answer: number): number | undefined {
  if (answer >= 0) return answer;
  if (answer === facts.ERR_NOT_FOUND) return undefined;
  throw new BusyError(
    answer === facts.ERR_FULL
      ? `this thread has ${facts.MAX_PINS} pins already`
      : 'it is being moved or split, and this thread may not wait',
  );
}

/** A thread's part of a zone. Pins go with the last of its users. */
export interface PinZone {
  readonly kernel: KernelExports;
  /** Arenas of this thread that are open on it. */
  readonly users: number;
}

export class Pin implements Disposable {
  readonly #zone: PinZone;
  readonly #desc: number;
  #isHeld = true;
  #isLocked = false;

  /** @internal */
  constructor(zone: PinZone, desc: number) {
    this.#zone = zone;
    this.#desc = desc;
  }

  /** First page of the block. Stays while the pin is held. */
  get pfn(): number {
    return this.#live().firstPage(this.#desc);
  }

  /** log2 of the block's pages. */
  get order(): number {
    return this.#live().orderOfPinned(this.#desc);
  }

  /**
   * Locks the descriptor, waiting for it if need be.
   *
   * @returns true when the last owner died with the lock held: what it protects may be half-changed
   * Throws `NotYoursError` if this thread has it already, `BusyError` where it may not wait (a
   * browser's main thread). Cost: one atomic, uncontended.
   */
  lock(): boolean {
    return this.#locked(this.#live().lockPage(this.#desc)) === facts.LOCK_ORPHANED;
  }

  /** Locks the descriptor if it is free. @returns undefined if it is not, else as `lock` */
  tryLock(): boolean | undefined {
    const taken = this.#live().tryLockPage(this.#desc);
    if (taken === facts.ERR_BUSY) return undefined;
    return this.#locked(taken) === facts.LOCK_ORPHANED;
  }

  /** Throws `NotYoursError` if this pin does not have the lock. */
  unlock(): void {
    const kernel = this.#live();
    const failure = this.#isLocked ? kernel.unlockPage(this.#desc) : facts.ERR_NOT_YOURS;
    if (failure < 0) throw new NotYoursError('unlock', 'this pin has not locked it');
    this.#isLocked = false;
  }

  /** Unlocks, if need be, and drops the pin. Twice is once. */
  close(): void {
    const { kernel, users } = this.#zone;
    // Who has left the zone has given back its pins with the slot.
    if (!this.#isHeld || users === 0) return;
    try {
      if (this.#isLocked) this.unlock();
      this.#isHeld = false;
      kernel.putPage(this.#desc);
    } catch (error) {
      // In a poisoned zone there is nothing to drop, and the error that says so must not be hidden.
      if (kernel.fault() === 0) throw error;
    }
  }

  /** As `close`, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal */
  get number(): number {
    this.#live();
    return this.#desc;
  }

  /** @internal */
  [INSPECT](depth: number, options: object, inspect: Inspect): string {
    const facts = () => ({ pfn: this.pfn, order: this.order, isLocked: this.#isLocked });
    return inspectAs('Pin', facts, depth, options, inspect);
  }

  #locked(taken: number): number {
    if (taken === facts.ERR_NOT_YOURS) {
      throw new NotYoursError('lock', 'this thread has locked it already');
    }
    if (taken < 0) throw new BusyError('it is locked, and this thread may not wait');
    this.#isLocked = true;
    return taken;
  }

  #live(): KernelExports {
    if (!this.#isHeld) throw new NotYoursError('use', 'the pin was disposed');
    if (this.#zone.users === 0) throw new DisposedError('arena');
    return this.#zone.kernel;
  }
}
