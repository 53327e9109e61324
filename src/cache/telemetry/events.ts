/**
 * Events of a cache, told to the listeners of this thread.
 *
 * Nothing calls back from the zone, and no call of the cache does more because somebody listens:
 * while there are listeners, a timer that keeps no process alive looks at figures of the zone ten
 * times a second. So what happened is told a moment later, and together.
 */
import { corruption, type KernelExports } from '../../border/kernel.ts';
import { every } from '../../border/timer.ts';
import { InvalidArgumentError } from '../../errors.ts';
import * as facts from '../../generated/facts.ts';
import { workerThreads } from '../../threads/registry.ts';
import type { TierStats } from '../../tier/interface.ts';
import { notKeyvStore } from '../options/handle-hint.ts';

export interface CacheEvents {
  /** The zone is poisoned, and every call throws this error. Told once; `recreate` goes on. */
  poisoned: { error: Error };
  /** So many entries went since the last time because memory was short, by whichever thread. */
  evicted: { entries: number };
  /** Another thread has ended without closing the cache. Told with `recovered`. */
  threadDied: DeadThread & {
    /** What the kernel was doing for it. Undefined: it was outside. */
    operation: 'read' | 'write' | 'delete' | 'other' | undefined;
  };
  /** What it left half-done is repaired, what it had given back, with so many pages of its own. */
  recovered: DeadThread & { pages: number };
  /**
   * This thread's second tier is not to be relied on (its breaker is not closed, or it tells no
   * changes any more), for the `reason` that it gave last; or it is again.
   */
  tier: { isDegraded: boolean; reason: string | undefined };
}

export interface DeadThread {
  /** As in `node:worker_threads`; undefined in browsers, where threads have no numbers. */
  threadId: number | undefined;
  /** Its number in the cache's memory, which others get after it. */
  slot: number;
}

type Name = keyof CacheEvents;
type Listener = (event: never) => void;

const NAMES: readonly Name[] = ['poisoned', 'evicted', 'tier', 'threadDied', 'recovered'];
const LOOK_MS = 100;
// Fake timers would patch one thread of many.
const { queueMicrotask } = globalThis;

export class Events {
  readonly #kernel: KernelExports;
  readonly #listeners = new Map<string, Set<Listener>>();
  #endLooks: (() => void) | undefined;
  #evictions = 0;
  #deaths = 0;
  #wasPoisoned = false;
  readonly #tier: () => TierStats | undefined;
  #wasDegraded = false;
  /** Whether its first connection has succeeded or failed. */
  #isTierKnown = false;

  constructor(kernel: KernelExports, tier: () => TierStats | undefined) {
    this.#kernel = kernel;
    this.#tier = tier;
  }

  /** Throws `InvalidArgumentError`. */
  static check(name: unknown, listener: unknown): void {
    checkName(name);
    checkListener(listener);
  }

  on(name: string, listener: unknown): void {
    const set = this.#listeners.get(checkName(name)) ?? new Set();
    this.#listeners.set(name, set.add(checkListener(listener)));
    if (this.#endLooks !== undefined) return;
    this.#evictions = this.#kernel.counter(facts.COUNT_EVICTIONS);
    this.#deaths = this.#kernel.deaths();
    this.#endLooks = every(() => this.#look(), LOOK_MS, false);
  }

  off(name: string, listener: unknown): void {
    this.#listeners.get(checkName(name))?.delete(checkListener(listener));
    if ([...this.#listeners.values()].every((set) => set.size === 0)) this.close();
  }

  close(): void {
    this.#endLooks?.();
    this.#endLooks = undefined;
    this.#listeners.clear();
  }

  #look(): void {
    const kernel = this.#kernel;
    const entries = kernel.counter(facts.COUNT_EVICTIONS) - this.#evictions;
    if (entries > 0) {
      this.#evictions += entries;
      this.#tell('evicted', { entries });
    }
    this.#lookAtDeaths();
    this.#lookAtTier();
    const fault = kernel.fault();
    if (fault === 0 || this.#wasPoisoned) return;
    this.#wasPoisoned = true;
    const error = corruption(fault, kernel.faultSlot(), kernel.faultDetail());
    this.#tell('poisoned', { error });
  }

  /** Of more than 46 between two looks the last 46 are known. */
  #lookAtDeaths(): void {
    const kernel = this.#kernel;
    const end = kernel.deaths();
    for (let death = this.#deaths; death !== end; death = (death + 1) | 0) {
      const [owner, what] = [kernel.deathOwner(death) >>> 0, kernel.deathWhat(death)];
      if (owner === 0 || what === 0) continue;
      const dead = { threadId: workerThreads() && owner - 1, slot: what & 0xff };
      const operation = operationOf((what >>> 8) & 0xff);
      this.#tell('threadDied', { ...dead, operation });
      this.#tell('recovered', { ...dead, pages: what >>> 16 });
    }
    this.#deaths = end;
  }

  #lookAtTier(): void {
    const tier = this.#tier();
    if (tier === undefined) return;
    const isDegraded = tier.breaker !== 'closed' || tier.channel === 'lost';
    const isOpening = tier.channel === 'lost' && tier.breaker === 'closed' && !tier.lastError;
    this.#isTierKnown ||= !isOpening;
    if (!this.#isTierKnown || isDegraded === this.#wasDegraded) return;
    this.#wasDegraded = isDegraded;
    this.#tell('tier', { isDegraded, reason: isDegraded ? tier.lastError : undefined });
  }

  /** A listener that throws keeps none from the others: what it throws is an uncaught exception. */
  #tell<E extends Name>(name: E, event: CacheEvents[E]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        (listener as (event: CacheEvents[E]) => void)(event);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}

function operationOf(number: number): CacheEvents['threadDied']['operation'] {
  if (number === facts.OP_READ) return 'read';
  if (number === facts.OP_WRITE) return 'write';
  if (number === facts.OP_DELETE) return 'delete';
  return number ? 'other' : undefined;
}

function checkName(name: unknown): string {
  if (NAMES.includes(name as Name)) return name as Name;
  if (name === 'error') throw notKeyvStore();
  throw new InvalidArgumentError('event', `one of '${NAMES.join("', '")}'`, name);
}

function checkListener(listener: unknown): Listener {
  if (typeof listener === 'function') return listener as Listener;
  throw new InvalidArgumentError('listener', 'a function', listener);
}
