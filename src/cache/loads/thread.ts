/**
 * What this thread computes and waits for, in every cache on one zone, and the leases that the
 * kernel has given it for that.
 *
 * A full stack or a time-out of `node:vm` cuts a call short, wherever it is, and no `finally` need
 * run. So a lease is *entered* as long as the user's function has not returned: when the turn is
 * over nothing of it is on the stack any more, and what is entered still was cut, and is given
 * back. And who asks the kernel says so before: if that still stands when somebody looks, the
 * kernel may have noted for this thread what nobody here knows, and that is given back as well.
 * Else nobody could compute the key until the lease's time is over.
 */
import type { KernelExports } from '../../border/kernel.ts';
import * as facts from '../../generated/facts.ts';
import { Deletions } from './deletions.ts';
import { Lease } from './lease.ts';
import type { Load } from './load.ts';

/** Captured: fake timers would patch one thread of many. */
const { queueMicrotask } = globalThis;

const all = new WeakMap<KernelExports, ThreadLoads>();

export function loadsOf(kernel: KernelExports, words: Int32Array): ThreadLoads {
  const known = all.get(kernel);
  if (known) return known;
  const fresh = new ThreadLoads(kernel, words);
  all.set(kernel, fresh);
  return fresh;
}

export class ThreadLoads {
  /** Those that have a lease, by their key's name. */
  readonly #byName = new Map<string, Load>();
  /** Those that have a lease and are not over: a name may have got another one since. */
  readonly #open = new Set<Load>();
  readonly #entered = new Set<Lease>();
  readonly deletions: Deletions;
  readonly #kernel: KernelExports;
  readonly #words: Int32Array;
  #isAsking = false;
  #isDue = false;

  constructor(kernel: KernelExports, words: Int32Array) {
    this.#kernel = kernel;
    this.#words = words;
    this.deletions = new Deletions(words, kernel.tagClockAt() >>> 2);
  }

  countDiscarded(): void {
    this.#kernel.countLoad(facts.LOADS_DISCARDED);
  }

  get(name: string): Load | undefined {
    return this.#byName.get(name);
  }

  /** Of one's own, or one that follows another thread's lease by now. */
  add(load: Load): void {
    if (load.lease === undefined || load.isOver) return;
    this.#byName.set(load.name, load);
    this.#open.add(load);
  }

  remove(load: Load): void {
    if (this.#byName.get(load.name) === load) this.#byName.delete(load.name);
    this.#open.delete(load);
  }

  /** The kernel is about to be asked for a lease. */
  ask(): void {
    if (this.#isAsking) this.#endUnknown();
    this.#lookAfterTurn();
    this.#isAsking = true;
  }

  /** What it has answered is known, or given back. */
  answered(): void {
    this.#isAsking = false;
  }

  granted(lease: Lease): void {
    this.enter(lease);
    this.answered();
  }

  /** A lease was granted, or its function is about to be called after all. */
  enter(lease: Lease | undefined): void {
    if (lease === undefined) return;
    this.#lookAfterTurn();
    this.#entered.add(lease);
  }

  /** What is on the stack is over, or goes on in another turn. */
  leave(lease: Lease | undefined): void {
    if (lease) this.#entered.delete(lease);
  }

  #lookAfterTurn(): void {
    if (!this.#isDue) queueMicrotask(() => this.#endCut());
    this.#isDue = true;
  }

  /** The turn is over. */
  #endCut(): void {
    this.#isDue = false;
    const cut = [...this.#entered];
    this.#entered.clear();
    for (const lease of cut) {
      const load = [...this.#open].find((open) => open.lease === lease);
      if (load) load.giveUpUseless();
      endQuietly(lease, false);
    }
    if (this.#isAsking) this.#endUnknown();
  }

  /** Gives back what the kernel has noted for this thread and nobody here knows. */
  #endUnknown(): void {
    this.#isAsking = false;
    const kernel = this.#kernel;
    try {
      kernel.goOn();
      for (let next = 0; ; ) {
        const found = kernel.nextLease(next);
        if (found < 0) return;
        const lease = new Lease(kernel, this.#words, found);
        next = lease.number + 1;
        if (this.#knows(lease)) continue;
        if (lease.isGranted) lease.end(false);
        else lease.leave();
      }
    } catch {
      // Poisoned meanwhile: the next call says so.
    }
  }

  #knows(lease: Lease): boolean {
    const known = [...this.#entered, ...Array.from(this.#open, (load) => load.lease)];
    return known.some((it) => lease.isSame(it));
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
