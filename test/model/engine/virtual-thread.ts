/**
 * A virtual thread: an instance of the module, a body that calls its exports, a place where it
 * stands.
 *
 * The body is an ordinary async function. It awaits calls of its own thread and nothing else, one
 * at a time: whatever it awaits besides is outside the model. While it runs, all other threads
 * stand frozen at a pending operation:
 *
 *   pending   the thread                                            leaves it when
 *   Idle      runs, or has not begun, or is done                     it reaches an operation
 *   Start     is a recovery thread that has not begun                chosen
 *   Step      is about to make an atomic access                      chosen
 *   Wait      is about to wait                                       chosen: parks or goes on
 *   Parked    sleeps on `address`                                    notified or out of time
 *   Woken     was notified, has not run since                        chosen
 *   Late      slept until its time was up, has not run since         chosen
 *   Notify    is about to notify                                     chosen
 *
 * Handing over: `go` lets the thread out of `suspend`, now or as soon as it gets there; `stop`
 * makes it throw KILLED there, which unwinds its stack. A killed thread is not unwound before the
 * end of the execution, so nothing of it runs any more.
 */
import type { Instance } from './instance.ts';
import type { Site } from './site.ts';
import type { Value } from './wasm-api.ts';

export const Pending = {
  Idle: 0,
  Start: 1,
  Step: 2,
  Wait: 3,
  Parked: 4,
  Woken: 5,
  Notify: 6,
  Late: 7,
} as const;
export type PendingKind = (typeof Pending)[keyof typeof Pending];

/** Thrown through the frames of a thread that is stopped; not an error, so it carries no stack. */
export const KILLED: unique symbol = Symbol('killed');

/** Thrown through the frames of a call that is cut short; its thread lives on. */
export const UNWOUND: unique symbol = Symbol('unwound');

/** What bodies, setup and check may do with a thread. */
export interface Thread {
  readonly index: number;
  readonly name: string;
  /** True when the thread was killed in this execution. */
  readonly isDead: boolean;
  /** Calls an export as this thread, under the scheduler: only from the thread's body. */
  call(name: string, ...args: Value[]): Promise<Value | undefined>;
  /** Calls an export of this thread's instance at once: only from setup, before and check. */
  callNow(name: string, ...args: Value[]): Value | undefined;
}

/** Told of a call when it begins, and with `result` when it returns. */
export type CallHook = (
  thread: Thread,
  name: string,
  args: Value[],
  result?: { value: Value | undefined },
) => void;

export class VirtualThread implements Thread {
  readonly index: number;
  readonly name: string;
  readonly bit: number;
  instance!: Instance;
  /** Set while somebody watches. */
  onCall: CallHook | null = null;

  pending: PendingKind = Pending.Idle;
  /** The pending operation; meaningful while `pending` is one. */
  site!: Site;
  address = 0;
  /** Width of a step; number of threads that a notify wakes at most. */
  operand = 0;
  expectedLow = 0;
  expectedHigh = 0;
  hasTimeout = false;
  /** What `suspend` returns: the result of a wait or notify. */
  answer = 0;

  isDead = false;
  isStarted = false;
  storesSinceStep = 0;
  /** It has changed what others can see since a kill of it was last offered, or has just begun. */
  hasChanged = true;
  #granted = false;
  #stopped = false;
  #unwinding = false;
  #resolve: ((answer: number) => void) | null = null;
  #reject: ((reason: unknown) => void) | null = null;

  constructor(index: number, name: string) {
    this.index = index;
    this.name = name;
    this.bit = 1 << index;
  }

  reset(): void {
    this.pending = Pending.Idle;
    this.answer = 0;
    this.isDead = false;
    this.isStarted = false;
    this.storesSinceStep = 0;
    this.hasChanged = true;
    this.#granted = false;
    this.#stopped = false;
    this.#unwinding = false;
    this.#resolve = null;
    this.#reject = null;
    this.instance.restore();
  }

  callNow(name: string, ...args: Value[]): Value | undefined {
    return this.instance.call(name, ...args);
  }

  call(name: string, ...args: Value[]): Promise<Value | undefined> {
    if (this.#stopped || this.isDead) return Promise.reject(KILLED);
    // The body may have changed variables since its last call.
    this.hasChanged = true;
    if (this.onCall === null) return this.instance.callSuspendable(name, args);
    this.onCall(this, name, args);
    return this.instance.callSuspendable(name, args).then((value) => {
      this.onCall?.(this, name, args, { value });
      return value;
    });
  }

  /** The only suspending import: freezes the stack until `go` or `stop`. */
  suspend(): number | Promise<number> {
    if (this.#stopped) throw KILLED;
    if (this.#unwinding) {
      this.#unwinding = false;
      throw UNWOUND;
    }
    if (this.#granted) {
      this.#granted = false;
      return this.answer;
    }
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  go(): void {
    const resolve = this.#resolve;
    if (resolve === null) {
      this.#granted = true;
      return;
    }
    this.#resolve = null;
    resolve(this.answer);
  }

  /** Cuts the call short in which the thread is frozen, or is about to be. */
  unwind(): void {
    this.pending = Pending.Idle;
    if (this.#resolve === null) this.#unwinding = true;
    else this.#reject?.(UNWOUND);
    this.#resolve = null;
  }

  stop(): void {
    this.#stopped = true;
    if (this.#resolve !== null) this.#reject?.(KILLED);
    this.#resolve = null;
  }
}
