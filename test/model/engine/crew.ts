/**
 * The bodies of an execution as promises: begun, settled, and unwound at the end.
 *
 *   open = bodies that have begun and not settled
 *
 * The execution is over for its caller when it was ended *and* `open` is 0: a frozen stack that
 * belongs to a thread has to be unwound first, or it would live on into the next execution.
 */
import { type Finding, findingOf, Violation } from './failure.ts';
import type { VirtualThread } from './virtual-thread.ts';

/** How an execution ended; `error` is a fault of scenario or engine, not a finding. */
export interface End {
  finding: Finding | null;
  error: unknown;
}

/** Told of a body that settled while the execution goes on; `error` is null if it returned. */
export type OnSettled = (thread: VirtualThread, value: unknown, error: unknown) => void;

export class Crew {
  /** True from the start of an execution to its end. */
  isLive = false;
  #open = 0;
  #begun: VirtualThread[] = [];
  #ending: End = { finding: null, error: null };
  #settle!: (end: End) => void;
  readonly #onSettled: OnSettled;

  constructor(onSettled: OnSettled) {
    this.#onSettled = onSettled;
  }

  /** Begins an execution by `start`; resolves when it has ended and every body has settled. */
  begin(start: () => void): Promise<End> {
    this.isLive = true;
    this.#open = 0;
    this.#begun = [];
    return new Promise((resolve) => {
      this.#settle = resolve;
      start();
    });
  }

  /** Begins a body; it runs to its first frozen call before this returns. */
  launch(thread: VirtualThread, body: () => Promise<unknown>): void {
    this.#open++;
    this.#begun.push(thread);
    thread.isStarted = true;
    new Promise((resolve) => resolve(body())).then(
      (value) => this.#settled(thread, value, null),
      (error) => this.#settled(thread, undefined, error ?? new Error('the body threw nothing')),
    );
  }

  #settled(thread: VirtualThread, value: unknown, error: unknown): void {
    this.#open--;
    if (!this.isLive) {
      this.#settleWhenQuiet();
      return;
    }
    try {
      this.#onSettled(thread, value, error);
    } catch (fault) {
      if (fault instanceof Violation) this.end(findingOf(fault, thread.index));
      else this.end(null, fault);
    }
  }

  /** Ends the execution and unwinds whatever is frozen. */
  end(finding: Finding | null, error: unknown = null): void {
    this.isLive = false;
    this.#ending = { finding, error };
    for (const thread of this.#begun) thread.stop();
    this.#settleWhenQuiet();
  }

  #settleWhenQuiet(): void {
    if (this.#open === 0) this.#settle(this.#ending);
  }

  /** Gives up an execution that cannot go on because a body waits for the outside world. */
  abandon(error: Error): void {
    this.isLive = false;
    this.#settle({ finding: null, error });
  }
}
