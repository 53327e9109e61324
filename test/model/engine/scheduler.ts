/**
 * Who goes on: the choices of one execution, and what a chosen operation does.
 *
 * A thread that reaches an operation *arrives*; `next` then lets the strategy choose until the
 * choice is a thread that can run on, and carries out the pending operation as far as that is ours
 * (an access is only announced: the instruction itself comes right after).
 *
 * Words owned: `#enabled` (threads that can be chosen, one bit each), `#fresh` (threads that got to
 * where they stand since the last step: only these are offered for killing, because killing one
 * later cannot be told from killing it now and running the others first; and only if they have
 * changed anything since they last were, because a death after mere looking cannot be told from the
 * death before it). `#cas` is the thread whose compare-and-swap is under way: what it changed is
 * known after it.
 *
 * Blocking is modelled: a parked thread is not enabled; notify enables the first ones in order of
 * parking. Time passes only when nothing is enabled, and then for all at once: every wait that has
 * a time-out ends, and the threads go on in any order. So nobody sleeps for ever while others wake
 * again and again, whoever is chosen first. A killed thread leaves the queue of its
 * futex; one that was woken and is killed before it runs has used up the notification. The
 * scenario's recovery is a thread of its own, one per kill, that becomes runnable by the kill.
 */
import { type Finding, findingOf, Violation } from './failure.ts';
import { accessOf, type EngineEvent, type Observer, type OnAccess } from './observer.ts';
import { NOT_EQUAL, ParkingLot, TIMED_OUT, WOKEN } from './parking-lot.ts';
import type { Site } from './site.ts';
import { SpinWatch } from './spin-watch.ts';
import { KILL, Schedule, type Strategy, threadOf } from './strategy.ts';
import {
  KILLED,
  Pending,
  type PendingKind,
  UNWOUND,
  type VirtualThread,
} from './virtual-thread.ts';

export interface SchedulerOptions {
  threads: readonly VirtualThread[];
  /** Those of the threads that run a recovery, one per possible kill. */
  rescuers: readonly VirtualThread[];
  kills: number;
  /**
   * Whether a kill only cuts the thread's call short: it lives on, and its body catches UNWOUND.
   */
  unwinds: boolean;
  everyDeath: boolean;
  killable: readonly number[] | undefined;
  stepLimit: number;
  spinLimit: number;
  isTimeoutLegal: (thread: VirtualThread, address: number) => boolean;
  nameOf: (address: number) => string;
  words: Uint32Array;
  /** Announces a write of this many bytes. */
  willWrite: (address: number, length: number) => void;
  /** Ends the execution; nothing is chosen after it. */
  end: (finding: Finding | null, error?: unknown) => void;
}

export class Scheduler {
  /** Threads killed in this execution, in order. */
  killed: number[] = [];
  steps = 0;
  readonly schedule = new Schedule();

  readonly #options: SchedulerOptions;
  readonly #rescuers: readonly VirtualThread[];
  readonly #lot: ParkingLot;
  readonly #spin: SpinWatch | null;
  readonly #killableMask: number;
  readonly #end: SchedulerOptions['end'];
  readonly #willWrite: SchedulerOptions['willWrite'];
  #strategy!: Strategy;
  /** The strategy's, which is told first. */
  #learner: Observer | null = null;
  #learnAccess: OnAccess | null = null;
  #observer: Observer | null = null;
  #tellAccess: OnAccess | null = null;
  #enabled = 0;
  #fresh = 0;
  #running = -1;
  #killsLeft = 0;
  #cas: VirtualThread | null = null;
  #casAt = 0;
  #casLow = 0;
  #casHigh = 0;

  constructor(options: SchedulerOptions) {
    const { threads, spinLimit, words } = options;
    this.#options = options;
    this.#rescuers = options.rescuers;
    this.#end = options.end;
    this.#willWrite = options.willWrite;
    this.#lot = new ParkingLot(words);
    this.#spin = spinLimit > 0 ? new SpinWatch(spinLimit, words) : null;
    const killable = options.killable ?? threads.map(({ index }) => index);
    this.#killableMask = killable.reduce((mask, index) => mask | (1 << index), 0);
  }

  reset(): void {
    this.schedule.clear();
    this.killed = [];
    this.steps = 0;
    this.#enabled = 0;
    this.#fresh = 0;
    this.#running = -1;
    this.#killsLeft = this.#options.kills;
    this.#cas = null;
    this.#lot.reset();
    this.#spin?.reset();
  }

  begin(strategy: Strategy, observer: Observer | null): void {
    this.#strategy = strategy;
    this.#learner = strategy.observer ?? null;
    this.#learnAccess = this.#learner && accessOf(this.#learner);
    this.#observer = observer;
    this.#tellAccess = observer && accessOf(observer);
    strategy.begin(this.#options.threads);
    this.#learner?.begin?.();
    observer?.begin?.();
  }

  /** Whether anybody is told of what happens. */
  get isObserved(): boolean {
    return this.#learner !== null || this.#observer !== null;
  }

  emit(event: EngineEvent): void {
    this.#learner?.observe(event);
    this.#observer?.observe(event);
  }

  /** A thread stands before an operation. */
  arrive(thread: VirtualThread, pending: PendingKind, site: Site, address: number): void {
    if (thread.pending !== Pending.Idle) throw new Error(`${thread.name} makes two calls at once`);
    thread.pending = pending;
    thread.site = site;
    thread.address = address;
    thread.storesSinceStep = 0;
    this.#enabled |= thread.bit;
    this.#fresh |= thread.bit;
    this.#spin?.arrive(thread.index, site, address);
  }

  /** A thread's body has come to its end. */
  leave(thread: VirtualThread): void {
    this.#enabled &= ~thread.bit;
  }

  /** A plain access, which is no choice unless a kill before a store is possible. */
  plain(thread: VirtualThread, site: Site, address: number, length: number): void {
    if (site.writes) {
      if (this.#killsLeft > 0) this.#offerKillAtStore(thread);
      this.#spin?.write(site, address);
    }
    this.#learnAccess?.(thread.index, site, address, length);
    this.#tellAccess?.(thread.index, site, address, length);
  }

  // --- choosing --------------------------------------------------------------------------------

  /** Lets the strategy choose until a thread can run on; null when the execution has ended. */
  next(): VirtualThread | null {
    try {
      return this.#choose();
    } catch (error) {
      if (error instanceof Violation) this.#end(findingOf(error, this.#running));
      else this.#end(null, error);
      return null;
    }
  }

  #choose(): VirtualThread | null {
    this.#spin?.settle();
    while (true) {
      if (this.#enabled === 0 && !this.#letTimePass()) return null;
      const runnable = this.#enabled;
      if (runnable === 0) return this.#rest();
      if (this.steps >= this.#options.stepLimit) {
        this.#end({ kind: 'livelock', message: `no end after ${this.steps} steps` });
        return null;
      }
      const awake = this.#spin === null ? runnable : runnable & ~this.#spin.yielding;
      const kills = this.#killsLeft > 0 ? this.#offerKills() : 0;
      const choice = this.#strategy.choose((awake || runnable) | (kills << KILL), this.#running);
      if (choice < 0) {
        this.#end(null);
        return null;
      }
      this.schedule.push(choice);
      const thread = this.#options.threads[threadOf(choice)]!;
      if (choice >= KILL) {
        this.#kill(thread);
        if (!this.#options.unwinds) continue;
        // It runs until it arrives again, and whoever asked waits.
        thread.unwind();
        this.#passKills();
        return null;
      }
      this.#running = choice;
      this.#passKills();
      this.steps++;
      if (this.#perform(thread)) return thread;
    }
  }

  /** Nothing can run: everybody is finished or dead, or it is a deadlock. */
  #rest(): null {
    const { nameOf } = this.#options;
    const stuck = this.#lot.sleepers.map(({ name, address }) => `${name} on ${nameOf(address)}`);
    if (stuck.length === 0) this.#end(null);
    else this.#end({ kind: 'deadlock', message: `parked for ever: ${stuck.join(', ')}` });
    return null;
  }

  /** Carries out the pending operation as far as it is the machine's; false when it parks. */
  #perform(thread: VirtualThread): boolean {
    const { pending } = thread;
    thread.pending = Pending.Idle;
    thread.answer = 0;
    if (pending === Pending.Step) this.#access(thread);
    else if (pending === Pending.Wait) return this.#wait(thread);
    else if (pending === Pending.Notify) this.#notify(thread);
    else if (pending === Pending.Woken) {
      thread.answer = WOKEN;
      this.emit({ kind: 'resume', thread: thread.index, timedOut: false });
    } else if (pending === Pending.Late) {
      thread.answer = TIMED_OUT;
      this.emit({ kind: 'resume', thread: thread.index, timedOut: true });
    }
    return true;
  }

  #access(thread: VirtualThread): void {
    const { index, site, address, operand: length } = thread;
    if (site.writes) {
      this.#willWrite(address, length);
      if (this.#killsLeft > 0) this.#noteChange(thread);
      this.#spin?.write(site, address);
    }
    this.#learnAccess?.(index, site, address, length);
    this.#tellAccess?.(index, site, address, length);
  }

  // --- parking ---------------------------------------------------------------------------------

  #wait(thread: VirtualThread): boolean {
    const { index, site, address } = thread;
    const parked = this.#lot.tryPark(thread);
    this.emit({ kind: 'wait', thread: index, site, address, parked });
    if (parked) {
      this.#enabled &= ~thread.bit;
      this.#fresh |= thread.bit;
    } else thread.answer = NOT_EQUAL;
    return !parked;
  }

  #notify(thread: VirtualThread): void {
    const { index, site, address, operand: count } = thread;
    const woken = this.#lot.take(address, count);
    for (const { bit } of woken) {
      this.#enabled |= bit;
      this.#fresh |= bit;
    }
    // Who was woken has used up the notification, which another could have had.
    for (const changed of woken.length > 0 ? [thread, ...woken] : []) changed.hasChanged = true;
    thread.answer = woken.length;
    this.emit({ kind: 'notify', thread: index, site, address, woken: woken.map((t) => t.index) });
  }

  /** Ends all waits that may end by time; false when the scenario calls that a failure. */
  #letTimePass(): boolean {
    for (const thread of this.#lot.expire()) {
      this.#enabled |= thread.bit;
      this.#fresh |= thread.bit;
      thread.hasChanged = true;
      if (this.#options.isTimeoutLegal(thread, thread.address)) continue;
      const place = this.#options.nameOf(thread.address);
      const message = `${thread.name} was woken by nothing but time on ${place}`;
      this.#end({ kind: 'missed wake-up', message, thread: thread.index });
      return false;
    }
    return true;
  }

  // --- dying -----------------------------------------------------------------------------------

  /** Threads that may die where they stand, as bits. */
  #offerKills(): number {
    if (this.#options.everyDeath) return this.#fresh & this.#killableMask;
    this.#settleCas();
    let kills = 0;
    for (const { bit, hasChanged } of this.#options.threads) {
      if (hasChanged) kills |= bit & this.#fresh & this.#killableMask;
    }
    return kills;
  }

  /** Nobody was killed: those who could have been may be again when they have changed something. */
  #passKills(): void {
    if (this.#killsLeft > 0) {
      for (const thread of this.#options.threads) {
        if (this.#fresh & thread.bit) thread.hasChanged = false;
      }
    }
    this.#fresh = 0;
  }

  /** A thread is about to write atomically. */
  #noteChange(thread: VirtualThread): void {
    if (thread.site.op !== 'cas') {
      thread.hasChanged = true;
      return;
    }
    const { words } = this.#options;
    const at = thread.address >>> 2;
    this.#cas = thread;
    this.#casAt = at;
    this.#casLow = words[at] ?? 0;
    this.#casHigh = words[at + 1] ?? 0;
  }

  #settleCas(): void {
    const thread = this.#cas;
    if (thread === null) return;
    this.#cas = null;
    const { words } = this.#options;
    const at = this.#casAt;
    if (words[at] !== this.#casLow || (words[at + 1] ?? 0) !== this.#casHigh) {
      thread.hasChanged = true;
    }
  }

  #offerKillAtStore(thread: VirtualThread): void {
    if ((this.#killableMask & thread.bit) === 0) return;
    const store = thread.storesSinceStep++;
    this.#settleCas();
    const isNew = thread.hasChanged || this.#options.everyDeath;
    thread.hasChanged = true;
    if (!isNew || !this.#strategy.killAtStore(thread.index, store)) return;
    this.schedule.pushStoreKill(thread.index, store);
    this.#kill(thread);
    throw this.#options.unwinds ? UNWOUND : KILLED;
  }

  #kill(thread: VirtualThread): void {
    this.#lot.leave(thread);
    thread.isDead = !this.#options.unwinds;
    this.#enabled &= ~thread.bit;
    this.#fresh &= ~thread.bit;
    this.#killsLeft--;
    const rescuer = this.#rescuers[this.killed.length];
    this.killed.push(thread.index);
    this.emit({ kind: thread.isDead ? 'kill' : 'unwind', thread: thread.index });
    if (thread.isDead) this.#rescue(rescuer);
  }

  #rescue(rescuer: VirtualThread | undefined): void {
    if (rescuer === undefined) return;
    rescuer.pending = Pending.Start;
    this.#enabled |= rescuer.bit;
  }
}
