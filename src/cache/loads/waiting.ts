/**
 * Waiting for a load: this thread's own, or, once for all its callers, another thread's.
 *
 * Every wait ends: by the result, the caller's signal, the death of who computes, `close`, or when
 * the caller's time is over.
 */
import { stamp } from '../../border/clock.ts';
import { throwIfPoisoned } from '../../border/kernel.ts';
import { later } from '../../border/timer.ts';
import { onAbort } from '../../border/waiting.ts';
import * as facts from '../../generated/facts.ts';
import type { Key } from '../transfer/transfer.ts';
import { toldError } from './compute-error.ts';
import type { LoaderHost } from './computed.ts';
import type { Lease } from './lease.ts';
import { Load, type Outcome } from './load.ts';
import type { Request } from './options.ts';
import type { OwnLoads } from './own.ts';
import type { ThreadLoads } from './thread.ts';

/** What it asks of a request. */
type Waiter = Pick<Request<unknown>, 'signal' | 'timeoutMs' | 'isAside'>;

export class Waiting {
  readonly #host: Pick<LoaderHost<unknown>, 'kernel' | 'live'>;
  readonly #loads: ThreadLoads;
  readonly #own: OwnLoads;
  /** How to reject those who wait in this cache. */
  readonly #rejects = new Set<(error: unknown) => void>();

  constructor(
    host: Pick<LoaderHost<unknown>, 'kernel' | 'live'>,
    loads: ThreadLoads,
    own: OwnLoads,
  ) {
    this.#host = host;
    this.#loads = loads;
    this.#own = own;
  }

  /** Waits for another thread's lease, for every caller of this thread. */
  follow(name: string, lease: Lease, key: Key): Load {
    const load = new Load(this.#loads, name, lease);
    const { kernel } = this.#host;
    load.follow(() => {
      if (lease.isComputing && kernel.fault() === 0) return false;
      load.settle(this.#collect(lease, key));
      return true;
    });
    this.#loads.add(load);
    this.#loads.answered();
    return load;
  }

  /** Waits for a load's outcome; rejects when the signal fires or the cache is closed. */
  wait(load: Load, request: Waiter, ms: number): Promise<Outcome> {
    const { signal, timeoutMs, isAside } = request;
    const until = stamp() + ms;
    if (!isAside) load.callers++;
    return new Promise((resolve, reject) => {
      const end = (): void => {
        endTimer();
        endSignal?.();
        this.#rejects.delete(fail);
        if (!isAside) load.callers--;
        if (load.callers > 0 || load.isOver) return;
        if (load.isOwn) load.discardIfUseless();
        else {
          load.settle({ kind: 'again' });
          load.lease?.leave();
        }
      };
      const fail = (error: unknown): void => {
        end();
        reject(error);
      };
      const abort = (): void => {
        if (load.owner === request) this.#own.limit(load, timeoutMs, until - stamp());
        fail(signal?.reason);
      };
      const take = (outcome: Outcome): void => {
        end();
        resolve(outcome);
      };
      const endTimer = later(() => take({ kind: 'late' }), Math.max(0, ms), true);
      const endSignal = signal && onAbort(signal, abort);
      this.#rejects.add(fail);
      load.outcome.then(take);
      if (signal?.aborted) abort();
    });
  }

  /** Stands still until another thread has computed, or the time is `end`. */
  block(name: string, lease: Lease, key: Key, end: number): Outcome {
    while (lease.isComputing && stamp() < end) {
      lease.block(end - stamp());
      throwIfPoisoned(this.#host.kernel);
    }
    if (!lease.isComputing && !this.#isShared(name, lease)) return this.#collect(lease, key);
    this.goOn(name, lease);
    return { kind: lease.isComputing ? 'late' : 'again' };
  }

  /** Waits for it no more; others of this thread may do so still, without standing still. */
  goOn(name: string, lease: Lease): void {
    if (this.#isShared(name, lease)) this.#host.kernel.goOn();
    else lease.leave();
    this.#loads.answered();
  }

  /** Whether others of this thread wait for it. */
  #isShared(name: string, lease: Lease): boolean {
    return lease.isSame(this.#loads.get(name)?.lease);
  }

  /** What a lease that has ended has left for this thread. */
  #collect(lease: Lease, key: Key): Outcome {
    try {
      const border = this.#host.live();
      const { kind, number, grant } = lease;
      const bytes = border.incoming.fetchLease(number, grant, border.putKey(key));
      const born = this.#host.kernel.leaseBorn();
      lease.leave();
      this.#loads.answered();
      if (kind === facts.LEASE_STORED) return { kind: 'stored' };
      if (kind === facts.LEASE_FREE) return { kind: 'again' };
      if (bytes === undefined) return { kind: 'alone' };
      return kind === facts.LEASE_FAILED
        ? { kind: 'failed', error: toldError(bytes) }
        : { kind: 'bytes', bytes, born };
    } catch {
      // Closed, or poisoned: who looks again is told.
      return { kind: 'again' };
    }
  }

  /** Ends all waits of this cache. */
  close(error: Error): void {
    for (const reject of [...this.#rejects]) reject(error);
  }
}
