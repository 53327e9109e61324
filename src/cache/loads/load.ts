/**
 * A load: one computation of a key's value, as the callers of this thread wait for it.
 *
 * It computes here, under a lease or, when none was to be had, without; or another thread
 * computes, and this one waits once for all its callers.
 */
import { every, later } from '../../border/timer.ts';
import { StaleError } from '../../errors.ts';
import type { Deletions } from './deletions.ts';
import type { Lease } from './lease.ts';

/** How often a computation without a lease looks whether it is of use still. */
const LOOK_MS = 50;

/** What came of it, for a caller who did not compute. */
export type Outcome =
  /** The value is there. */
  | { kind: 'stored' }
  /** Nobody computes any more. */
  | { kind: 'again' }
  /** There is no value to be had from others. */
  | { kind: 'alone' }
  /** Not stored, and for who came when the tag clock was at most `born`: others look again. */
  | { kind: 'bytes'; bytes: Uint8Array; born: number }
  | { kind: 'failed'; error: unknown }
  /** The caller has waited for as long as it would. */
  | { kind: 'late' };

/** Those of the thread: thread.ts. */
interface Loads {
  readonly deletions: Deletions;
  remove(load: Load): void;
}

export class Load {
  readonly name: string;
  readonly lease: Lease | undefined;
  /** The request whose function computes here; undefined: another thread computes. */
  readonly owner: object | undefined;
  /** Without a lease: the version of the key when it began, and the entry that it had. */
  version = 0;
  entry = 0;
  readonly outcome: Promise<Outcome>;
  /** Of one's own, when it is over: what the function returned or threw. */
  result: { value: unknown } | { error: unknown } | undefined;
  isOver = false;
  /** Where the result came from. */
  from: 'computed' | 'tier' = 'computed';
  /** The tag clock when the function was called: who deletes a tag after that wins. */
  born = 0;
  /** Those who wait for the result; who has a stale value, and waits besides, is none. */
  callers = 0;
  readonly #loads: Loads;
  readonly #settle: (outcome: Outcome) => void;
  #controller: AbortController | undefined;
  #discard: (() => boolean) | undefined;
  #endWatch: (() => void) | undefined;
  #endTimer: (() => void) | undefined;

  constructor(loads: Loads, name: string, lease: Lease | undefined, owner?: object) {
    this.#loads = loads;
    this.name = name;
    this.lease = lease;
    this.owner = owner;
    [this.outcome, this.#settle] = promised();
  }

  get isOwn(): boolean {
    return this.owner !== undefined;
  }

  /** Whether who comes now may have its result: it is not older than what he knows. */
  get isJoinable(): boolean {
    return !this.isOver && this.lease?.isCurrent === true;
  }

  /**
   * Of one's own: fires when the result is of use for nobody.
   *
   * @param discard  gives it up if it is of use for no other thread. @returns whether it is over
   */
  signal(discard: () => boolean): AbortSignal {
    if (this.#controller) return this.#controller.signal;
    this.#controller = new AbortController();
    this.#discard = discard;
    if (this.isOver) this.#controller.abort(this.#useless());
    else this.#watch(this.lease);
    return this.#controller.signal;
  }

  #watch(lease: Lease | undefined): void {
    const look = (): boolean => this.discardIfUseless();
    if (lease === undefined) {
      // No word tells of a change of the key.
      this.#endWatch = every(look, LOOK_MS, false);
      return;
    }
    const ends = [lease.watch(look, false), this.#loads.deletions.hear(look)];
    this.#endWatch = () => {
      for (const end of ends) end();
    };
  }

  /** Looks at every change of another thread's lease. */
  follow(look: () => boolean): void {
    this.#endWatch = this.lease?.watch(look, true);
  }

  /** Gives up what is of use for nobody. @returns whether it is over */
  discardIfUseless(): boolean {
    return this.isOver || (this.callers === 0 && this.#discard?.() === true);
  }

  #useless(): StaleError {
    return new StaleError('use for a value of', this.name);
  }

  /** Calls `end` if it is not over after `ms`. Keeps no program alive. */
  limit(ms: number, end: () => void): void {
    if (!this.isOver) this.#endTimer = later(end, ms, false);
  }

  /** Ends it, for all who wait. */
  settle(outcome: Outcome): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#endWatch?.();
    this.#endTimer?.();
    this.#loads.remove(this);
    this.#settle(outcome);
  }

  /** It is of use for nobody, or the call in which its function ran was cut short. */
  giveUpUseless(): void {
    this.giveUp(this.#useless());
  }

  /** Gives it up: what the function returns now is of no use. */
  giveUp(reason: unknown): void {
    if (this.isOver) return;
    this.settle({ kind: 'again' });
    this.#controller?.abort(reason);
  }
}

/** A promise and what settles it. Throws a RangeError where the stack has no room for that. */
function promised(): [outcome: Promise<Outcome>, settle: (outcome: Outcome) => void] {
  let settle: ((outcome: Outcome) => void) | undefined;
  const outcome = new Promise<Outcome>((resolve) => {
    settle = resolve;
  });
  if (settle) return [outcome, settle];
  // An executor that finds the stack full does not throw: it rejects the promise.
  outcome.catch(() => {});
  throw new RangeError('Maximum call stack size exceeded');
}
