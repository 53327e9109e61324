/**
 * Loads that compute here, for one cache, and their leases from when they are granted.
 *
 * A full stack or a time-out of `node:vm` cuts a call short, wherever it is, and no `finally` need
 * run. So a lease is *entered* as long as the user's function has not returned: when the turn is
 * over nothing of it is on the stack any more, and what is entered still was cut, and is given
 * back. Else nobody could compute the key until the lease's time is over; so it is for who is cut
 * in the microseconds between the kernel's grant and `enter`.
 */
import { StaleError, TimeoutError } from '../errors.ts';
import type { Lease } from './lease.ts';
import type { Load } from './load.ts';

/** Captured: fake timers would patch one thread of many. */
const { queueMicrotask } = globalThis;

export class OwnLoads {
  readonly #loads = new Set<Load>();
  readonly #entered = new Set<Lease>();

  /** A lease was granted, or its function is about to be called after all. */
  enter(lease: Lease | undefined): void {
    if (lease === undefined) return;
    if (this.#entered.size === 0) queueMicrotask(() => this.#endCut());
    this.#entered.add(lease);
  }

  /** What is on the stack is over, or goes on in another turn. */
  leave(lease: Lease | undefined): void {
    if (lease) this.#entered.delete(lease);
  }

  /** Gives a lease back that is not needed: somebody was faster. */
  endUnused(lease: Lease): void {
    lease.end(false);
    this.leave(lease);
  }

  add(load: Load): void {
    this.#loads.add(load);
  }

  /** It is over. On a full stack its end may have failed: then it is given back later. */
  remove(load: Load): void {
    if (load.lease?.isComputing) return;
    this.leave(load.lease);
    this.#loads.delete(load);
  }

  /** Gives up what its caller waits for no more, when the `restMs` of its time are over. */
  limit(load: Load, timeoutMs: number, restMs: number): void {
    load.limit(restMs, () => this.giveUp(load, new TimeoutError('The computation', timeoutMs)));
  }

  giveUp(load: Load, reason: unknown): void {
    this.#loads.delete(load);
    load.giveUp(reason);
    endQuietly(load.lease, false);
  }

  giveUpAll(reason: unknown): void {
    for (const load of [...this.#loads]) this.giveUp(load, reason);
  }

  #endCut(): void {
    const cut = [...this.#entered];
    this.#entered.clear();
    for (const lease of cut) {
      const load = [...this.#loads].find((own) => own.lease === lease);
      if (load) this.giveUp(load, new StaleError('use for a value of', load.name));
      else endQuietly(lease, false);
    }
  }
}

/** In a zone that is poisoned meanwhile there is nothing to give back. */
export function endQuietly(lease: Lease | undefined, isUnkept: boolean): void {
  try {
    lease?.end(isUnkept);
  } catch {
    // The next call says so.
  }
}
