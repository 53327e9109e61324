/**
 * `getOrSet`: one computation of a key's value for all threads.
 *
 * Who finds no value looks whether this thread is at it already (load.ts), and else asks for a
 * lease (lease.ts): it is granted, and the function is called (computing.ts); or another thread has
 * it, and this one waits, once for all its callers (waiting.ts). What is stored is found by those
 * who waited as by anybody. Of what is not (set, or it or its tag deleted meanwhile), and of
 * errors, they get a copy through the lease. A value that cannot be kept, or none, is not handed
 * on: they compute themselves.
 */

import { stamp } from '../../border/clock.ts';
import { DisposedError } from '../../errors.ts';
import * as facts from '../../generated/facts.ts';
import { mayPark } from '../../threads/registry.ts';
import { busy } from './compute-error.ts';
import { type LoaderHost, look } from './computed.ts';
import { Computing } from './computing.ts';
import { Lease } from './lease.ts';
import { Load, type Outcome } from './load.ts';
import type { Request } from './options.ts';
import { OwnLoads } from './own.ts';
import { loadsOf, type ThreadLoads } from './thread.ts';
import { Waiting } from './waiting.ts';

/** How often who waits looks again, as somebody gave up or died, before it computes itself. */
const WAITS_BEFORE_ALONE = 8;

export class Loader<V> {
  readonly #host: LoaderHost<V>;
  readonly #loads: ThreadLoads;
  readonly #own: OwnLoads;
  readonly #waiting: Waiting;
  readonly #computing: Computing<V>;

  constructor(host: LoaderHost<V>) {
    this.#host = host;
    this.#loads = loadsOf(host.kernel, host.live().words);
    this.#own = new OwnLoads(this.#loads);
    this.#waiting = new Waiting(host, this.#loads, this.#own);
    this.#computing = new Computing(host, this.#loads, this.#own);
  }

  /** Of a key that has no value, or is to be computed anew. */
  async load(request: Request<V>): Promise<V | undefined> {
    const end = stamp() + request.timeoutMs;
    for (let round = 0; round < WAITS_BEFORE_ALONE; round++) {
      if (request.signal?.aborted) throw request.signal.reason;
      const came = this.#host.kernel.tagClock();
      const joined = this.#join(request);
      const isLoad = joined instanceof Load;
      if (isLoad && joined.owner === request) return this.#finish(joined, request);
      const outcome = isLoad ? await this.#waiting.wait(joined, request, end - stamp()) : joined;
      if (outcome.kind === 'late' || outcome.kind === 'alone') break;
      const value = this.#received(outcome, request, came);
      if (value !== undefined) return value;
    }
    return request.isAside ? undefined : this.#alone(request);
  }

  /** The same while this thread stands still; not for another's result if `servesStale`. */
  loadSync(request: Request<V>, servesStale: boolean): V | undefined {
    const end = stamp() + request.timeoutMs;
    const name = this.#nameOf(request);
    for (let round = 0; round < WAITS_BEFORE_ALONE; round++) {
      const known = this.#loads.get(name);
      if (known?.isOwn && known.isJoinable) throw busy(request.key);
      const came = this.#host.kernel.tagClock();
      const lease = this.#begin(request, true);
      if (lease === undefined) break;
      if (lease.isGranted) return this.#computeSync(request, name, lease);
      const stale = servesStale ? this.stale(request) : undefined;
      if (stale !== undefined || !mayPark()) {
        this.#waiting.goOn(name, lease);
        if (stale === undefined) break;
        return stale;
      }
      const outcome = this.#waiting.block(name, lease, request.key, end);
      if (outcome.kind === 'late' || outcome.kind === 'alone') break;
      const value = this.#received(outcome, request, came);
      if (value !== undefined) return value;
    }
    return this.#computeSync(request, name);
  }

  /** This cache is being closed. */
  close(): void {
    const error = new DisposedError('cache');
    this.#waiting.close(error);
    this.#own.giveUpAll(error);
  }

  /** What the key has, a stale value as well: told as what the caller gets, who `isServed` it. */
  stale({ key, status }: Request<V>, isServed = false): V | undefined {
    const { kernel, decode } = this.#host;
    return look(this.#host, key, facts.GET_STALE, (bytes, isLent) => {
      status.load = kernel.wasStale() === 0 ? 'hit' : 'stale';
      if (isServed && status.load === 'hit') kernel.countLoad(facts.LOADS_WAITED);
      return decode(bytes, isLent);
    });
  }

  #nameOf({ key }: Request<V>): string {
    const border = this.#host.live();
    return border.keyName(border.putKey(key));
  }

  /**
   * Asks for the lease of a key. @returns undefined: there is none to be had. Throws `BusyError` if
   * a thread that stands still would wait for itself
   */
  #begin({ key, timeoutMs }: Request<V>, standsStill: boolean): Lease | undefined {
    const { kernel } = this.#host;
    const border = this.#host.live();
    const now = stamp();
    const keyBytes = border.putKey(key);
    this.#loads.ask();
    const found = kernel.beginLease(keyBytes, now, now + timeoutMs, standsStill ? 1 : 0);
    if (found < 0) {
      this.#loads.answered();
      if (standsStill && found !== facts.ERR_FULL) throw busy(key);
      return undefined;
    }
    const lease = new Lease(kernel, border.words, found);
    if (lease.isGranted) this.#loads.granted(lease);
    return lease;
  }

  /** The load to wait for, or what has come of it already. */
  #join(request: Request<V>): Load | Outcome {
    const name = this.#nameOf(request);
    const known = this.#loads.get(name);
    if (known?.isJoinable) return known;
    const lease = this.#begin(request, false);
    if (lease === undefined) return { kind: 'alone' };
    if (!lease.isGranted) return this.#waiting.follow(name, lease, request.key);
    const border = this.#host.live();
    if (!request.isRefresh && border.has(border.putKey(request.key))) {
      // Somebody was faster.
      this.#own.endUnused(lease);
      return { kind: 'stored' };
    }
    const load = this.#computing.begin(request, name, lease);
    this.#computing.start(load, request);
    return load;
  }

  /** What a caller who waited since the tag clock `came` gets; undefined: look again. */
  #received(outcome: Outcome, request: Request<V>, came: number): V | undefined {
    const { kind } = outcome;
    if (kind === 'failed') throw outcome.error;
    this.#host.live();
    if (kind === 'again' && request.isRefresh) return undefined;
    if (kind !== 'bytes') return this.#found(request);
    if (came > outcome.born) return undefined;
    return this.#waited(request, this.#host.decode(outcome.bytes, true));
  }

  /** What is there since the caller has looked. */
  #found(request: Request<V>): V | undefined {
    return this.#waited(request, look(this.#host, request.key));
  }

  #waited({ status }: Request<V>, value: V | undefined): V | undefined {
    if (value === undefined) return undefined;
    this.#host.kernel.countLoad(facts.LOADS_WAITED);
    status.load = 'waited';
    return value;
  }

  /** What the caller gets whose function computes. */
  async #finish(load: Load, request: Request<V>): Promise<V | undefined> {
    const { timeoutMs, status } = request;
    const { kind } = await this.#waiting.wait(load, request, timeoutMs);
    if (kind === 'late') throw this.#own.timeOut(load, timeoutMs);
    const { result } = load;
    if (result === undefined) throw new DisposedError('cache');
    if ('error' in result) throw result.error;
    status.load = load.from;
    return result.value as V | undefined;
  }

  /** Computes without a lease: stored unless the key is set, deleted or computed meanwhile. */
  async #alone(request: Request<V>): Promise<V | undefined> {
    const load = this.#computing.begin(request);
    const found = request.isRefresh ? undefined : this.#found(request);
    if (found !== undefined) return found;
    this.#computing.start(load, request);
    return this.#finish(load, request);
  }

  /** The same at once; under a lease if there is one. */
  #computeSync(request: Request<V>, name: string, lease?: Lease): V | undefined {
    const load = this.#computing.begin(request, name, lease);
    const found = request.isRefresh ? undefined : this.#found(request);
    if (found === undefined) return this.#computing.now(load, request);
    this.#own.endUnused(lease);
    return found;
  }
}
