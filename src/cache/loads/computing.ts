/**
 * Computing: the user's function is called here, for all who wait; what comes of it is stored or
 * told (computed.ts).
 *
 * The function may do anything, close the cache included; so after it nothing is believed that was
 * looked at before.
 */
import { refusePromise } from '../../border/arguments.ts';
import { traced } from '../../border/channels.ts';
import * as facts from '../../generated/facts.ts';
import type { TierLink } from '../tiered/link.ts';
import type { Key } from '../transfer/transfer.ts';
import type { In } from '../values/values.ts';
import { beginAlone, isVain, keep, type LoaderHost, look, tell } from './computed.ts';
import type { Lease } from './lease.ts';
import { Load } from './load.ts';
import type { ComputeContext, Request } from './options.ts';
import type { OwnLoads } from './own.ts';
import { endQuietly, type ThreadLoads } from './thread.ts';

export class Computing<V> {
  readonly #host: LoaderHost<V>;
  readonly #loads: ThreadLoads;
  readonly #own: OwnLoads;

  constructor(host: LoaderHost<V>, loads: ThreadLoads, own: OwnLoads) {
    this.#host = host;
    this.#loads = loads;
    this.#own = own;
  }

  /** A load for the request's function; without a lease what the key has now is noted. */
  begin(request: Request<V>, name = '', lease?: Lease): Load {
    const load = new Load(this.#loads, name, lease, request);
    if (lease === undefined) beginAlone(this.#host, load, request.key);
    return load;
  }

  /** Calls the function in this turn, if no tier is asked before. Never rejects. */
  async start(load: Load, request: Request<V>): Promise<void> {
    this.#own.add(load);
    const { tier } = this.#host;
    const options = { ...request.options };
    const discard = () => this.#own.discard(load, isVain(this.#host, load, request.key, options));
    const context: ComputeContext = {
      get signal() {
        return load.signal(discard);
      },
      options,
    };
    try {
      if (tier && !request.isRefresh) {
        this.#loads.leave(load.lease);
        if (await this.#isInTier(tier, load, request.key)) return;
        // In the turn that goes on: what is entered when one ends was cut.
        this.#loads.enter(load.lease);
      }
      const computed = this.#call(load, request, context, false);
      this.#loads.leave(load.lease);
      const value = await computed;
      if (!load.isOver) this.#keep(load, request, value, options);
    } catch (error) {
      this.#fail(load, request.key, error);
    } finally {
      this.#own.remove(load);
    }
  }

  /** The same for a function that returns its value at once. */
  now(load: Load, request: Request<V>): V | undefined {
    this.#own.add(load);
    const options = { ...request.options };
    try {
      const value = this.#call(load, request, { options } as ComputeContext, true);
      refusePromise('compute', value, '; getOrSet awaits one');
      const kept = this.#keep(load, request, value as In<V> | undefined, options);
      request.status.load = 'computed';
      return kept;
    } catch (error) {
      this.#fail(load, request.key, error);
      throw error;
    } finally {
      this.#own.remove(load);
    }
  }

  /** Looks for the value in the second tier, once for all who wait; there it is kept here. */
  async #isInTier(tier: TierLink<V>, load: Load, key: Key): Promise<boolean> {
    const value = await tier.fetch(key);
    if (load.isOver) return true;
    if (value === undefined) return false;
    load.result = { value };
    load.from = 'tier';
    load.lease?.end(false);
    load.settle({ kind: 'stored' });
    return true;
  }

  #call(
    load: Load,
    { key, compute }: Request<V>,
    context: ComputeContext,
    isSync: boolean,
  ): ReturnType<Request<V>['compute']> {
    const { kernel } = this.#host;
    if (load.lease) kernel.countLoad(facts.LOADS_COMPUTED);
    load.born = kernel.tagClock();
    const stale = look(this.#host, key, facts.GET_STALE);
    return traced(key, isSync, () => compute(key, stale, context));
  }

  /**
   * Stores what the function has returned, and tells all who wait. @returns a copy, as `get` would
   * give. Throws what the codec does that cannot read it: that is for this caller alone, and who
   * waits looks at what is stored by itself.
   */
  #keep(
    load: Load,
    request: Request<V>,
    value: In<V> | undefined,
    options: ComputeContext['options'],
  ): V | undefined {
    const { outcome, bytes } = keep(this.#host, load, request, value, options);
    try {
      const copy = bytes && this.#host.decode(bytes, true);
      load.result = { value: copy };
      return copy;
    } catch (error) {
      load.result = { error };
      throw error;
    } finally {
      load.settle(outcome);
    }
  }

  /** Tells all who wait that the function has thrown. */
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
