/**
 * Who goes on: the choices of one execution, and what a chosen operation does.
 *
 * A thread that reaches an operation *arrives*; `next` then lets the strategy choose until the
 * choice is a thread that can run on, and carries out the pending operation as far as that is ours
 * (an access is only announced: the instruction itself comes right after).
 *
 * Words owned: `#enabled` (threads that can be chosen, one bit each), `#fresh` (threads that got to
 * where they stand since the last step: only these are offered for killing, because killing one
 * later cannot be told from killing it now and running the others first).
 *
 * Blocking is modelled: a parked thread is not enabled; notify enables the first ones in order of
 * parking; a time-out fires only when nothing is enabled. A killed thread leaves the queue of its
 * futex; one that was woken and is killed before it runs has used up the notification. The
 * scenario's recovery is a thread of its own, one per kill, that becomes runnable by the kill.
 */
import { type Finding, findingOf, Violation } from './failure.ts';
import type { EngineEvent, Observer } from './observer.ts';
import { NOT_EQUAL, ParkingLot, TIMED_OUT, WOKEN } from './parking-lot.ts';
import type { Site } from './site.ts';
import { SpinWatch } from './spin-watch.ts';
import { KILL, Schedule, type Strategy, threadOf } from './strategy.ts';
import { KILLED, Pending, type PendingKind, type VirtualThread } from './virtual-thread.ts';

export interface SchedulerOptions {
  threads: readonly VirtualThread[];
  /** Those of the threads that run a recovery, one per possible kill. */
  rescuers: readonly VirtualThread[];
  kills: number;
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
  #observer: Observer | null = null;
  #enabled = 0;
  #fresh = 0;
  #running = -1;
  #killsLeft = 0;

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
    this.#lot.reset();
    this.#spin?.reset();
  }

  begin(strategy: Strategy, observer: Observer | null): void {
    this.#strategy = strategy;
    this.#observer = observer;
    strategy.begin(this.#options.threads);
    observer?.begin?.();
  }

  emit(event: EngineEvent): void {
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
    if (this.#observer === null) return;
    this.emit({ kind: 'access', thread: thread.index, site, address, length });
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
      const late = this.#enabled === 0 ? this.#lot.mortalSleep : 0;
      const runnable = this.#enabled | late;
      if (runnable === 0) return this.#rest();
      if (this.steps >= this.#options.stepLimit) {
        this.#end({ kind: 'livelock', message: `no end after ${this.steps} steps` });
        return null;
      }
      const awake = this.#spin === null ? runnable : runnable & ~this.#spin.yielding;
      const kills = this.#killsLeft > 0 ? this.#fresh & this.#killableMask : 0;
      const choice = this.#strategy.choose((awake || runnable) | (kills << KILL), this.#running);
      if (choice < 0) {
        this.#end(null);
        return null;
      }
      this.schedule.push(choice);
      const thread = this.#options.threads[threadOf(choice)]!;
      if (choice >= KILL) {
        this.#kill(thread);
        continue;
      }
      this.#running = choice;
      this.#fresh = 0;
      this.steps++;
      if (late !== 0 && !this.#timeOut(thread)) return null;
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
    } else if (pending === Pending.Parked) thread.answer = TIMED_OUT;
    return true;
  }

  #access(thread: VirtualThread): void {
    const { index, site, address, operand: length } = thread;
    if (site.writes) {
      this.#willWrite(address, length);
      this.#spin?.write(site, address);
    }
    if (this.#observer !== null)
      this.emit({ kind: 'access', thread: index, site, address, length });
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
    thread.answer = woken.length;
    this.emit({ kind: 'notify', thread: index, site, address, woken: woken.map((t) => t.index) });
  }

  /** Wakes a thread by time; false when the scenario calls that a failure. */
  #timeOut(thread: VirtualThread): boolean {
    this.#lot.leave(thread);
    this.#enabled |= thread.bit;
    this.emit({ kind: 'resume', thread: thread.index, timedOut: true });
    if (this.#options.isTimeoutLegal(thread, thread.address)) return true;
    const place = this.#options.nameOf(thread.address);
    const message = `${thread.name} was woken by nothing but time on ${place}`;
    this.#end({ kind: 'missed wake-up', message, thread: thread.index });
    return false;
  }

  // --- dying -----------------------------------------------------------------------------------

  #offerKillAtStore(thread: VirtualThread): void {
    if ((this.#killableMask & thread.bit) === 0) return;
    const store = thread.storesSinceStep++;
    if (!this.#strategy.killAtStore(thread.index, store)) return;
    this.schedule.pushStoreKill(thread.index, store);
    this.#kill(thread);
    throw KILLED;
  }

  #kill(thread: VirtualThread): void {
    this.#lot.leave(thread);
    thread.isDead = true;
    this.#enabled &= ~thread.bit;
    this.#fresh &= ~thread.bit;
    this.#killsLeft--;
    const rescuer = this.#rescuers[this.killed.length];
    this.killed.push(thread.index);
    this.emit({ kind: 'kill', thread: thread.index });
    if (rescuer === undefined) return;
    rescuer.pending = Pending.Start;
    this.#enabled |= rescuer.bit;
  }
}
