/**
 * `getOrSet`: one computation of a key's value for all threads.
 *
 * Who finds no value looks whether this thread is at it already (load.ts), and else asks for a
 * lease (lease.ts): it is granted, and the function is called; or another thread has it, and this
 * one waits, once for all its callers. What is stored is found by those who waited as by anybody.
 * Of what is not (set, or it or its tag deleted meanwhile), and of errors, they get a copy through
 * the lease. A value that cannot be kept, or none, is not handed on: they compute themselves.
 *
 * Every wait ends: by the result, the caller's signal, the death of who computes, `close`, or after
 * `timeoutMs`. The user's function may do anything, close the cache included; so after it nothing
 * is believed that was looked at before.
 */

import { refusePromise } from '../../border/arguments.ts';
import { stamp } from '../../border/clock.ts';
import { throwIfPoisoned } from '../../border/kernel.ts';
import { later } from '../../border/timer.ts';
import { onAbort } from '../../border/waiting.ts';
import { DisposedError, TimeoutError } from '../../errors.ts';
import * as facts from '../../generated/facts.ts';
import { mayPark } from '../../threads/registry.ts';
import type { Key } from '../transfer/transfer.ts';
import type { In } from '../values/values.ts';
import { busy, toldError } from './compute-error.ts';
import { beginAlone, compute, isVain, keep, type LoaderHost, tell } from './computed.ts';
import { Lease } from './lease.ts';
import { Load, type Outcome } from './load.ts';
import type { ComputeContext, Request } from './options.ts';
import { OwnLoads } from './own.ts';
import { endQuietly, loadsOf, type ThreadLoads } from './thread.ts';

/** How often who waits looks again, as somebody gave up or died, before it computes itself. */
const ROUNDS = 8;

export class Loader<V> {
  readonly #host: LoaderHost<V>;
  readonly #loads: ThreadLoads;
  readonly #own: OwnLoads;
  /** How to reject those who wait in this cache. */
  readonly #waits = new Set<(error: Error) => void>();

  constructor(host: LoaderHost<V>) {
    this.#host = host;
    this.#loads = loadsOf(host.kernel, host.live().words);
    this.#own = new OwnLoads(this.#loads);
  }

  /** Of a key that has no value, or is to be computed anew. */
  async load(request: Request<V>): Promise<V | undefined> {
    const end = stamp() + request.timeoutMs;
    for (let round = 0; round < ROUNDS; round++) {
      if (request.signal?.aborted) throw request.signal.reason;
      const came = this.#host.kernel.tagClock();
      const load = this.#join(request);
      if (load === undefined) break;
      // Somebody was faster.
      if (load === 'found') {
        const value = this.#received({ kind: 'stored' }, request, came);
        if (value !== undefined) return value;
        continue;
      }
      const isMine = load.owner === request;
      const outcome = await this.#wait(load, request, isMine ? request.timeoutMs : end - stamp());
      if (isMine) return this.#resultOf(load, outcome, request);
      if (outcome.kind === 'late' || outcome.kind === 'alone') break;
      const value = this.#received(outcome, request, came);
      if (value !== undefined) return value;
    }
    return request.isAside ? undefined : this.#alone(request);
  }

  /** The same while this thread stands still; not for another's result if `servesStale`. */
  loadSync(request: Request<V>, servesStale: boolean): V | undefined {
    const end = stamp() + request.timeoutMs;
    for (let round = 0; round < ROUNDS; round++) {
      const name = this.#nameOf(request.key);
      if (this.#loads.get(name)?.isOwn && this.#loads.get(name)?.isJoinable)
        throw busy(request.key);
      const came = this.#host.kernel.tagClock();
      const begun = this.#begin(request, true);
      if (begun === 'busy') throw busy(request.key);
      if (begun === 'full') break;
      if (begun.isGranted) {
        return this.#computeSync(name, begun.lease, request);
      }
      const stale = servesStale ? this.stale(request) : undefined;
      if (stale !== undefined || !mayPark()) {
        this.#goOn(name, begun.lease);
        if (stale === undefined) break;
        return stale;
      }
      const outcome = this.#block(name, begun.lease, request, end);
      if (outcome.kind === 'late' || outcome.kind === 'alone') break;
      const value = this.#received(outcome, request, came);
      if (value !== undefined) return value;
    }
    return this.#computeSync(this.#nameOf(request.key), undefined, request);
  }

  /** This cache is being closed. */
  close(): void {
    const error = new DisposedError('cache');
    for (const reject of [...this.#waits]) reject(error);
    this.#own.giveUpAll(error);
  }

  /** What the key has, a stale value as well: told as what the caller gets, who `isServed` it. */
  stale({ key, status }: Request<V>, isServed = false): V | undefined {
    const { kernel, decode } = this.#host;
    return this.#look(key, facts.GET_STALE, (bytes, isLent) => {
      status.load = kernel.wasStale() === 0 ? 'hit' : 'stale';
      if (isServed && status.load === 'hit') kernel.countLoad(facts.LOADS_WAITED);
      return decode(bytes, isLent);
    });
  }

  #look(key: Key, wanted = 0, decode = this.#host.decode): V | undefined {
    const border = this.#host.live();
    return border.fetch(border.putKey(key), false, decode, wanted);
  }

  #nameOf(key: Key): string {
    const border = this.#host.live();
    return border.keyName(border.putKey(key));
  }

  /** Asks for the lease of a key. */
  #begin(
    { key, timeoutMs }: Request<V>,
    standsStill: boolean,
  ): 'full' | 'busy' | { lease: Lease; isGranted: boolean } {
    const { kernel } = this.#host;
    const border = this.#host.live();
    const now = stamp();
    const keyBytes = border.putKey(key);
    this.#loads.ask();
    const found = kernel.beginLease(keyBytes, now, now + timeoutMs, standsStill ? 1 : 0);
    if (found < 0) this.#loads.answered();
    if (found < 0) return found === facts.ERR_FULL ? 'full' : 'busy';
    const lease = new Lease(kernel, border.words, found & ~facts.LEASE_TAKEN);
    const isGranted = (found & facts.LEASE_TAKEN) === 0;
    if (isGranted) this.#loads.granted(lease);
    return { lease, isGranted };
  }

  /** The load to wait for; undefined: there is none to be had. */
  #join(request: Request<V>): Load | 'found' | undefined {
    const name = this.#nameOf(request.key);
    const known = this.#loads.get(name);
    if (known?.isJoinable) return known;
    const begun = this.#begin(request, false);
    if (begun === 'full' || begun === 'busy') return undefined;
    const { lease, isGranted } = begun;
    if (!isGranted) return this.#follow(name, lease, request.key);
    const border = this.#host.live();
    if (!request.isRefresh && border.has(border.putKey(request.key))) {
      this.#own.endUnused(lease);
      return 'found';
    }
    const load = new Load(this.#loads, name, lease, request);
    this.#compute(load, request);
    return load;
  }

  /** Waits for another thread's lease, for every caller of this thread. */
  #follow(name: string, lease: Lease, key: Key): Load {
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

  /** What a lease that has ended has left for this thread. */
  #collect(lease: Lease, key: Key): Outcome {
    try {
      const border = this.#host.live();
      const { kind, number, grant } = lease;
      const bytes = border.fetchLease(number, grant, border.putKey(key));
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

  /** Waits for a load's outcome; rejects when the signal fires or the cache is closed. */
  #wait(load: Load, request: Request<V>, ms: number): Promise<Outcome> {
    const { signal, timeoutMs, isAside } = request;
    const until = stamp() + ms;
    if (!isAside) load.callers++;
    return new Promise((resolve, reject) => {
      const end = (): void => {
        endTimer();
        endSignal?.();
        this.#waits.delete(fail);
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
      this.#waits.add(fail);
      load.outcome.then(take);
      if (signal?.aborted) abort();
    });
  }

  /** Stands still until another thread has computed. */
  #block(name: string, lease: Lease, request: Request<V>, end: number): Outcome {
    const { kernel } = this.#host;
    while (lease.isComputing && stamp() < end) {
      lease.block(end - stamp());
      throwIfPoisoned(kernel);
    }
    const isShared = lease.isSame(this.#loads.get(name)?.lease);
    if (!lease.isComputing && !isShared) return this.#collect(lease, request.key);
    this.#goOn(name, lease);
    return { kind: lease.isComputing ? 'late' : 'again' };
  }

  /** Waits for it no more; others of this thread may do so still, without standing still. */
  #goOn(name: string, lease: Lease): void {
    if (lease.isSame(this.#loads.get(name)?.lease)) this.#host.kernel.goOn();
    else lease.leave();
    this.#loads.answered();
  }

  /** What a caller who waited since the tag clock `came` gets; undefined: look again. */
  #received(outcome: Outcome, request: Request<V>, came: number): V | undefined {
    const { kernel, decode } = this.#host;
    const { key, isRefresh, status } = request;
    if (outcome.kind === 'failed') throw outcome.error;
    this.#host.live();
    if (outcome.kind === 'again' && isRefresh) return undefined;
    if (outcome.kind === 'bytes' && came > outcome.born) return undefined;
    const value = outcome.kind === 'bytes' ? decode(outcome.bytes, true) : this.#look(key);
    if (value === undefined) return undefined;
    kernel.countLoad(facts.LOADS_WAITED);
    status.load = 'waited';
    return value;
  }

  /** What the caller gets whose function computes. */
  #resultOf(load: Load, { kind }: Outcome, { timeoutMs, status }: Request<V>): V | undefined {
    if (kind === 'late') {
      const error = new TimeoutError('The computation', timeoutMs);
      this.#own.giveUp(load, error);
      throw error;
    }
    const { result } = load;
    if (result === undefined) throw new DisposedError('cache');
    if ('error' in result) throw result.error;
    status.load = load.from;
    return result.value as V | undefined;
  }

  /** Computes without a lease: stored unless the key is set, deleted or computed meanwhile. */
  async #alone(request: Request<V>): Promise<V | undefined> {
    const load = new Load(this.#loads, '', undefined, request);
    beginAlone(this.#host, load, request.key);
    const found = this.#foundMeanwhile(request);
    if (found !== undefined) return found;
    this.#compute(load, request);
    const outcome = await this.#wait(load, request, request.timeoutMs);
    return this.#resultOf(load, outcome, request);
  }

  /** What is there since the caller has looked. */
  #foundMeanwhile({ key, isRefresh, status }: Request<V>): V | undefined {
    const found = isRefresh ? undefined : this.#look(key);
    if (found === undefined) return undefined;
    this.#host.kernel.countLoad(facts.LOADS_WAITED);
    status.load = 'waited';
    return found;
  }

  /** Calls the function at once, and sees to its result. Never rejects. */
  async #compute(load: Load, request: Request<V>): Promise<void> {
    this.#own.add(load);
    const { kernel } = this.#host;
    const options = { ...request.options };
    const discard = () => this.#own.discard(load, isVain(this.#host, load, request.key, options));
    const context: ComputeContext = {
      get signal() {
        return load.signal(discard);
      },
      options,
    };
    try {
      // Without a tier at once, in this turn.
      if (this.#host.tier) {
        this.#loads.leave(load.lease);
        if (await this.#isInTier(load, request)) return;
        this.#loads.enter(load.lease);
      }
      if (load.lease) kernel.countLoad(facts.LOADS_COMPUTED);
      load.born = kernel.tagClock();
      const computed = compute(request, false, this.#look(request.key, facts.GET_STALE), context);
      this.#loads.leave(load.lease);
      const value = await computed;
      if (load.isOver) return;
      const kept = keep(this.#host, load, request, value, options);
      load.result = { value: kept.value };
      load.settle(kept.outcome);
    } catch (error) {
      this.#fail(load, request.key, error);
    } finally {
      this.#own.remove(load);
    }
  }

  /** Looks for the value in the second tier, once for all who wait; there it is kept here. */
  async #isInTier(load: Load, { key, isRefresh }: Request<V>): Promise<boolean> {
    const { tier } = this.#host;
    if (tier === undefined || isRefresh) return false;
    const value = await tier.fetch(key);
    if (load.isOver) return true;
    if (value === undefined) return false;
    load.result = { value };
    load.from = 'tier';
    load.lease?.end(false);
    load.settle({ kind: 'stored' });
    return true;
  }

  #computeSync(name: string, lease: Lease | undefined, request: Request<V>): V | undefined {
    const { kernel } = this.#host;
    const load = new Load(this.#loads, name, lease, request);
    if (!lease) beginAlone(this.#host, load, request.key);
    const found = this.#foundMeanwhile(request);
    if (found !== undefined) {
      this.#own.endUnused(lease);
      return found;
    }
    this.#own.add(load);
    const options = { ...request.options };
    try {
      if (lease) kernel.countLoad(facts.LOADS_COMPUTED);
      load.born = kernel.tagClock();
      const old = this.#look(request.key, facts.GET_STALE);
      const value = compute(request, true, old, { options } as ComputeContext);
      refusePromise('compute', value, '; getOrSet awaits one');
      const kept = keep(this.#host, load, request, value as In<V> | undefined, options);
      load.settle(kept.outcome);
      request.status.load = 'computed';
      return kept.value;
    } catch (error) {
      this.#fail(load, request.key, error);
      throw error;
    } finally {
      this.#own.remove(load);
    }
  }

  /** Tells everybody who waits that the function has thrown. */
  #fail(load: Load, key: Key, error: unknown): void {
    if (load.isOver) return;
    load.result = { error };
    try {
      tell(this.#host, load, key, error);
    } catch {
      endQuietly(load.lease, false);
    }
    load.settle({ kind: 'failed', error });
  }
}
