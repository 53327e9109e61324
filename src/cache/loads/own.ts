/** Loads that compute here, for one cache: given up when their time is over, or with the cache. */
import { TimeoutError } from '../../errors.ts';
import type { Lease } from './lease.ts';
import type { Load } from './load.ts';
import { endQuietly, type ThreadLoads } from './thread.ts';

export class OwnLoads {
  readonly #all: ThreadLoads;
  readonly #loads = new Set<Load>();

  constructor(all: ThreadLoads) {
    this.#all = all;
  }

  /** Gives a lease back that is not needed: somebody was faster. */
  endUnused(lease: Lease | undefined): void {
    lease?.end(false);
    this.#all.leave(lease);
  }

  add(load: Load): void {
    this.#all.add(load);
    this.#loads.add(load);
  }

  /** It is over. On a full stack its end may have failed: then it is given back later. */
  remove(load: Load): void {
    if (load.lease?.isComputing) return;
    this.#all.leave(load.lease);
    this.#loads.delete(load);
  }

  /** Gives up what its caller waits for no more, when the `restMs` of its time are over. */
  limit(load: Load, timeoutMs: number, restMs: number): void {
    load.limit(restMs, () => this.timeOut(load, timeoutMs));
  }

  /** Its time is over. @returns what its caller is told */
  timeOut(load: Load, timeoutMs: number): TimeoutError {
    const error = new TimeoutError('The computation', timeoutMs);
    this.giveUp(load, error);
    return error;
  }

  giveUp(load: Load, reason: unknown): void {
    this.#loads.delete(load);
    load.giveUp(reason);
    endQuietly(load.lease, false);
  }

  /** Gives up what would not be stored, and is for nobody. @returns whether it is that */
  discard(load: Load, isVain: boolean): boolean {
    if (!isVain) return false;
    this.#all.countDiscarded();
    this.#loads.delete(load);
    load.giveUpUseless();
    endQuietly(load.lease, false);
    return true;
  }

  giveUpAll(reason: unknown): void {
    for (const load of [...this.#loads]) this.giveUp(load, reason);
  }
}
