/**
 * The queue of writes: when what waits (backlog.ts) is sent, and what becomes of it.
 *
 *   one batch     is under way at a time; the next follows at once if it is whole, or if somebody
 *                 waits for it (`drained`), else when it is due: `delayMs` after it was put, or
 *                 after the one under way was begun
 *   a failure     what of it is still the newest waits again. The next attempt keeps no process
 *                 alive, unless somebody waits for it (`hold`)
 *   other threads have queues of their own. What one of them has written since does not leave any
 *                 more: it has what is newer (local-writes.ts). Where that is not known, or what
 *                 was under way may have come later than the newer one, the key is removed: the
 *                 tier ends with what was written last, or with nothing
 */
import { keptOf } from './answers.ts';
import { Backlog } from './backlog.ts';
import type { Calls } from './calls.ts';
import type { FrameMemory, PackedFrame } from './frame-memory.ts';
import type { Tier, TierEntry } from './interface.ts';
import type { Others } from './judge.ts';
import { bytesOfName, type KeyName } from './key-name.ts';
import type { Policy } from './policy.ts';
import { entriesOf } from './write.ts';

/** Not `later`: whoever holds the queue has its timer keep the process alive after all. */
const { setTimeout, clearTimeout, setImmediate, performance } = globalThis;

export class WriteQueue {
  readonly #tier: Tier;
  readonly #calls: Calls;
  readonly #delayMs: number;
  readonly #backlog: Backlog;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Whether the timer's attempt comes after one that failed. */
  #isRetry = false;
  #holds = 0;
  /** Whether something leaves at the end of this turn of the event loop. */
  #isDue = false;
  #isUnderWay = false;
  #isStopped = false;
  #listeners: (() => void)[] = [];
  sets = 0;
  deletes = 0;
  /** Sets and removals that came true as they were asked for. */
  written = 0;
  refusals = 0;
  #tallied = { written: 0, dropped: 0 };

  /** @param memory  of the frames that are put, which are released here */
  constructor(tier: Tier, policy: Policy, calls: Calls, memory: FrameMemory, others: Others) {
    this.#tier = tier;
    this.#calls = calls;
    this.#delayMs = policy.delayMs;
    this.#backlog = new Backlog(policy.maxQueueBytes, memory, others);
  }

  get entries(): number {
    return this.#backlog.entries;
  }

  get bytes(): number {
    return this.#backlog.bytes;
  }

  get dropped(): number {
    return this.#backlog.dropped;
  }

  get superseded(): number {
    return this.#backlog.superseded;
  }

  /** Whether a write of this key waits or is under way. */
  has(name: KeyName): boolean {
    return this.#backlog.has(name);
  }

  /** Whether a write of this key waits: it comes after whatever the tier tells now. */
  isWaiting(name: KeyName): boolean {
    return this.#backlog.isWaiting(name);
  }

  /** What the tier will hold of a key for which a write waits or is under way. */
  find(name: KeyName): Uint8Array | undefined {
    return this.#backlog.find(name);
  }

  /** A frame is to be written; undefined: the key is to be removed. */
  put(name: KeyName, frame: PackedFrame | undefined, expiry = 0): void {
    this.#backlog.put(name, frame, expiry);
    this.#schedule(this.#backlog.isHalfFull ? 0 : this.#delayMs);
  }

  /** A value that no frame can hold: the tier must not keep an older one. */
  drop(name: KeyName): void {
    this.#backlog.drop(name);
    this.#schedule(this.#delayMs);
  }

  /** Everything is to go, also what waits. */
  clear(): void {
    this.#backlog.clear();
    this.#schedule(0);
  }

  /** Resolved when everything that waits now is written, superseded or dropped. */
  drained(): Promise<void> {
    const { turn } = this.#backlog;
    if (!this.#backlog.hasUpTo(turn)) return Promise.resolve();
    this.#sendSoon();
    return new Promise((resolve) => {
      const look = () => {
        if (!this.#backlog.hasUpTo(turn)) resolve();
        else this.#listeners.push(look);
      };
      this.#listeners.push(look);
    });
  }

  /** To be called later: tells what became of writes since one was called last, as of now. */
  tally(): () => { written: number; dropped: number } {
    const before = this.#tallied;
    return () => {
      const dropped = this.dropped + this.refusals;
      this.#tallied = { written: this.written, dropped };
      return { written: this.written - before.written, dropped: dropped - before.dropped };
    };
  }

  /** Attempts keep the process alive until the function that this returns is called, once. */
  hold(): () => void {
    this.#holds++;
    if (this.#isRetry) this.#timer?.ref?.();
    return () => {
      this.#holds--;
      if (this.#isRetry && this.#holds === 0) this.#timer?.unref?.();
    };
  }

  /** Nothing is to keep the process alive any more. What waits is dropped. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#isStopped = true;
    this.#backlog.stop();
    this.#tell();
  }

  /** Tries at once: the tier may be there again. */
  kick(): void {
    if (!this.#backlog.isEmpty) this.#schedule(0);
  }

  /** Sends in `ms`, and not before anybody may try: else what waits would be packed for nothing. */
  #schedule(ms: number, isRetry = false): void {
    const isWaiting = this.#timer !== undefined;
    if ((isWaiting && ms > 0) || this.#isUnderWay || this.#isStopped) return;
    const wait = Math.max(ms, this.#calls.waitMs);
    if (isWaiting && wait > 0) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#send(), wait);
    this.#isRetry = isRetry;
    if (isRetry && this.#holds === 0) this.#timer.unref?.();
  }

  /** At the end of this turn of the event loop, with what others do in it. */
  #sendSoon(): void {
    if (this.#isDue || this.#isUnderWay || this.#isStopped || this.#calls.waitMs > 0) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      void this.#send();
    });
  }

  /** Sends what waits, batch by batch, for as long as it must not wait for more. */
  async #send(): Promise<void> {
    if (this.#isUnderWay) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isUnderWay = true;
    const start = performance.now();
    const { turn } = this.#backlog;
    let isAnswered = true;
    while (isAnswered && !this.#backlog.isEmpty) {
      isAnswered = await this.#sendNext();
      this.#tell();
      if (this.#listeners.length === 0 && !this.#backlog.hasBatch) break;
      // A tier that answers at once must not keep the event loop from turning.
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#isUnderWay = false;
    if (this.#backlog.isEmpty) return;
    // What was put meanwhile is not due yet.
    const isDue = this.#backlog.hasUpTo(turn);
    const left = isDue ? 0 : Math.max(0, this.#delayMs - (performance.now() - start));
    if (isAnswered) this.#schedule(left);
    else this.#schedule(1, true);
  }

  /** @returns whether the tier has answered */
  #sendNext(): Promise<boolean> {
    return this.#backlog.clearTurn === 0 ? this.#sendBatch() : this.#sendClear();
  }

  async #sendClear(): Promise<boolean> {
    const turn = this.#backlog.clearTurn;
    const answer = await this.#calls.write(() => this.#tier.clear());
    if (answer !== undefined) this.#backlog.cleared(turn);
    return answer !== undefined;
  }

  async #sendBatch(): Promise<boolean> {
    const batch = [...this.#backlog.take().values()];
    // All of it was superseded: nobody is asked.
    if (batch.length === 0) return true;
    const kept = entriesOf(
      batch.filter(({ frame }) => frame),
      Date.now(),
    );
    const gone = batch.filter(({ frame }) => !frame);
    const keys = gone.map(({ name }) => bytesOfName(name));
    const answer = await this.#calls.write(() => both(this.#set(kept), this.#delete(keys)));
    if (answer === undefined) {
      this.#backlog.failed();
      return false;
    }
    const [taken] = answer.value;
    this.refusals += kept.length - taken;
    this.sets += taken;
    this.deletes += gone.length;
    this.written += taken + gone.filter(({ isDropped }) => !isDropped).length;
    this.#backlog.arrived();
    return true;
  }

  /** @returns how many the tier keeps */
  async #set(entries: TierEntry[]): Promise<number> {
    return entries.length === 0 ? 0 : keptOf(await this.#tier.setMany(entries), entries.length);
  }

  async #delete(keys: Uint8Array[]): Promise<void> {
    if (keys.length > 0) await this.#tier.deleteMany(keys);
  }

  #tell(): void {
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener();
  }
}

/** Resolved when both are over: the batch is under way until then, though one has failed. */
async function both<A, B>(one: Promise<A>, other: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([one, other]);
  return [await one, await other];
}
