/**
 * This thread's part in a second tier: what is asked of it, what is written to it, and what is
 * believed of what it gave.
 *
 * Every entry of a cache with a tier expires `maxStaleMs` after it was set or asked for, at the
 * latest, unless it has tags. The kernel sees to it, so it holds whatever happens: a connection
 * that is gone, an event loop that does not turn, a thread that is dead and was the only one to be
 * told of changes. What the tier tells makes it fresher than that:
 *
 *   changed  nobody here has written the key lately: the entry goes
 *            this thread has a write of it waiting: that one will be newer, nothing goes
 *            some thread has, or one is under way: a *suspect*. It is compared with the tier's
 *            when the writes are over, and goes if it differs. So late news never removes what is
 *            newer here
 *   cleared  all entries go
 *   lost     nothing is told until `armed`; what is under way is not kept
 */
import { later } from '../border/timer.ts';
import { MAX_KEY_BYTES } from '../generated/facts.ts';
import { eventOf } from './answers.ts';
import { Calls } from './calls.ts';
import { type Found, type Frame, type FrameKind, FrameMaker, isSameValue } from './frame.ts';
import { bytesOf, FrameMemory } from './frame-memory.ts';
import type { Tier, TierEvent, TierStats } from './interface.ts';
import { type KeyName, nameOf } from './key-name.ts';
import type { LocalWrites } from './local-writes.ts';
import { type Policy, takeTier } from './policy.ts';
import { WriteQueue } from './queue.ts';
import { Elsewhere, Fetch, Reader } from './reader.ts';
import { Suspects } from './suspects.ts';
import { tick } from './turns.ts';

/** An entry of the first tier: its stored blocks, and whether it stands there only. */
export interface LocalEntry {
  readonly blocks: Uint8Array[];
  readonly valueBytes: number;
  readonly hasTags: boolean;
}

/** The first tier, as the session sees it. */
export interface LocalEntries {
  /** Zone time, in milliseconds. */
  now(): number;
  has(name: KeyName): boolean;
  /** The stored blocks of a key's entry. */
  read(name: KeyName): LocalEntry | undefined;
  /**
   * Keeps a frame that was asked for at `since`, unless the key has an entry.
   *
   * @returns false if the frame is damaged
   */
  keep(name: KeyName, frame: Frame, since: number): boolean;
  remove(name: KeyName): void;
  clear(): void;
}

/** Is given what there is for the key at `index`. */
type Take = (index: number, found: Found) => void;

export interface SessionOptions {
  readonly tier: Tier;
  readonly policy: Policy;
  readonly writes: LocalWrites;
  readonly kind: FrameKind;
  readonly local: LocalEntries;
}

export class TierSession {
  readonly policy: Policy;
  readonly #tier: Tier;
  readonly #writes: LocalWrites;
  readonly #local: LocalEntries;
  readonly #memory: FrameMemory;
  readonly #maker: FrameMaker;
  readonly #calls: Calls;
  readonly #reader: Reader;
  readonly #queue: WriteQueue;
  readonly #suspects: Suspects;
  #channel: TierStats['channel'];
  #isClosed = false;
  #hits = 0;
  #foreign = 0;
  #outrun = 0;
  #invalidations = 0;
  #tagged = 0;

  constructor({ tier, policy, writes, kind, local }: SessionOptions) {
    takeTier(tier);
    this.policy = policy;
    this.#tier = tier;
    this.#writes = writes;
    this.#local = local;
    this.#memory = new FrameMemory(policy.maxQueueBytes);
    this.#maker = new FrameMaker(kind, this.#memory);
    this.#calls = new Calls(policy.timeoutMs);
    this.#reader = new Reader(tier, this.#calls, writes, {
      now: () => local.now(),
      read: (bytes) => this.#readFrame(bytes),
    });
    const isHere = (name: KeyName, frame: Uint8Array) => this.#isHere(name, frame);
    this.#queue = new WriteQueue(tier, policy, this.#calls, this.#memory, { writes, isHere });
    this.#suspects = new Suspects(writes, policy.maxStaleMs, {
      isWritten: (name) => this.#queue.has(name) || writes.isTierBehind(name),
      look: (name) => this.#look(name),
    });
    this.#channel = tier.invalidations === undefined ? 'silent' : 'lost';
    void this.#listen();
  }

  /**
   * A value was set here.
   *
   * @param blocks  as they are stored; lent
   * @param ttl     milliseconds; 0: for ever
   */
  wrote(name: KeyName, blocks: readonly Uint8Array[], valueBytes: number, ttl: number): void {
    const expiry = ttl === 0 ? 0 : Date.now() + ttl;
    const frame = this.#maker.make(blocks, valueBytes, expiry);
    if (frame === undefined) this.#queue.drop(name);
    else this.#queue.put(name, frame, expiry);
  }

  /** A key has no value here any more, and is to have none in the tier. */
  removed(name: KeyName): void {
    this.#queue.put(name, undefined);
  }

  /** A value with tags was set here: it stays here, and none is to be in the tier. */
  stayed(name: KeyName): void {
    this.#tagged++;
    this.removed(name);
  }

  /** All keys are to go, for everybody. */
  cleared(): void {
    this.#reader.outrunAll();
    this.#suspects.clear();
    this.#queue.clear();
  }

  /**
   * Looks for several keys: in the tier, or by way of another thread that is asking it. `take` is
   * called for each as soon as its answer is there; it may find a value here then.
   */
  async fetchMany(names: readonly KeyName[], take: Take): Promise<void> {
    const now = tick();
    const asked = names.map((name) => this.#known(name) ?? this.#reader.ask(name, now));
    // First one's own: another thread may wait for it, as this one does for others'.
    await this.#takeOwn(asked, take);
    const left: number[] = [];
    for (let i = 0; i < asked.length; i++) {
      const one = asked[i];
      if (!(one instanceof Elsewhere)) continue;
      if ((await one.hasNothing) || this.#local.has(one.name)) take(i, this.#nothing());
      else left.push(i);
    }
    if (left.length === 0) return;
    const rest = left.map((i) => this.#ask(names[i]!));
    await this.#takeOwn(rest, (at, found) => take(left[at]!, found));
  }

  /** Asks without a turn: the answer is this thread's alone. */
  #ask(name: KeyName): Found {
    return this.#known(name) ?? this.#reader.ask(name);
  }

  /** Gives each its answer, as soon as it is there, but for those that others ask for. */
  async #takeOwn(asked: readonly (Found | Elsewhere)[], take: Take): Promise<void> {
    let batch: Fetch['batch'] | undefined;
    try {
      for (let i = 0; i < asked.length; i++) {
        const one = asked[i]!;
        if (one instanceof Elsewhere) continue;
        if (one instanceof Fetch && one.batch !== batch) {
          batch = one.batch;
          await batch.answered;
        }
        take(i, one);
        if (one instanceof Fetch) one.endTurn();
      }
    } finally {
      for (const one of asked) if (one instanceof Fetch) this.#reader.leave(one);
    }
  }

  #nothing(): Found {
    return { frame: undefined, since: this.#local.now(), isCurrent: true };
  }

  /**
   * What is known without asking: a value that waits to be written is what the tier will have, and
   * one that another thread's waits to replace is none.
   */
  #known(name: KeyName): Found | undefined {
    const queue = this.#queue;
    if (!queue.has(name)) return this.#writes.isTierBehind(name) ? this.#nothing() : undefined;
    const bytes = queue.find(name);
    return {
      frame: bytes && this.#maker.read(bytes),
      since: this.#local.now(),
      get isCurrent() {
        return queue.has(name);
      },
    };
  }

  #readFrame(bytes: Uint8Array): Frame | undefined {
    const frame = this.#maker.read(bytes);
    if (frame === undefined) this.#foreign++;
    const isOver = frame !== undefined && frame.expiry !== 0 && frame.expiry <= Date.now();
    if (frame === undefined || isOver) return undefined;
    this.#hits++;
    return frame;
  }

  /** A frame whose head was right and whose blocks are not. */
  noteDamaged(): void {
    this.#hits--;
    this.#foreign++;
  }

  /** A value that was handed out but not kept. */
  noteOutrun(): void {
    this.#outrun++;
  }

  /**
   * Resolved when all that waits now is written; `wait` may end it sooner.
   *
   * @returns what became of writes since the last time that this was answered
   */
  async flush(
    wait: <T>(answer: Promise<T>) => Promise<T>,
  ): Promise<{ written: number; dropped: number }> {
    const tally = this.#queue.tally();
    const release = this.#queue.hold();
    try {
      await wait(this.#queue.drained());
    } finally {
      release();
    }
    return tally();
  }

  /** Gives the queue `closeTimeoutMs`, then ends it, and calls under way. Twice is once. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#suspects.clear();
    this.#reader.close();
    let endWait = (): void => {};
    const late = new Promise<void>((resolve) => {
      endWait = later(resolve, this.policy.closeTimeoutMs, true);
    });
    await Promise.race([this.#queue.drained(), late]);
    endWait();
    this.#queue.stop();
    this.#calls.close();
    try {
      await this.#tier.close();
    } catch (error) {
      this.#calls.note(error);
    }
  }

  stats(): TierStats {
    const { state, latency, errors, timeouts, lastError } = this.#calls;
    const { sets, deletes, refusals, dropped, superseded, entries, bytes } = this.#queue;
    return {
      name: this.#tier.name,
      channel: this.#channel,
      breaker: state,
      gets: this.#reader.gets,
      hits: this.#hits,
      foreign: this.#foreign,
      outrun: this.#outrun,
      ...{ sets, deletes, tagged: this.#tagged, refusals, dropped, superseded },
      invalidations: this.#invalidations,
      ...{ errors, timeouts },
      queue: { entries, bytes },
      latency: latency.summary(),
      lastError,
    };
  }

  async #listen(): Promise<void> {
    try {
      await this.#tier.invalidations?.((event) => this.#hear(event));
    } catch (error) {
      this.#calls.note(error);
    }
  }

  /** What is no event counts as an error; the tier, which told it, is thrown nothing. */
  #hear(told: unknown): void {
    if (this.#isClosed) return;
    try {
      this.#heed(eventOf(told));
    } catch (error) {
      this.#calls.note(error);
    }
  }

  #heed(event: TierEvent): void {
    if (event.type === 'changed') {
      for (const key of event.keys) {
        // Others, whose keys these are, may use longer ones.
        if (key.length > 0 && key.length <= MAX_KEY_BYTES) this.#heardOf(nameOf(key));
      }
      return;
    }
    this.#reader.outrunAll();
    if (event.type === 'cleared') {
      this.#local.clear();
      return;
    }
    this.#channel = event.type;
    this.#reader.isTold = event.type === 'armed';
    if (event.type === 'lost') {
      if (event.error) this.#calls.note(event.error);
      return;
    }
    this.#calls.succeeded();
    this.#queue.kick();
  }

  /** Somebody has changed a key. */
  #heardOf(name: KeyName): void {
    this.#invalidations++;
    this.#reader.outrun(name);
    if (this.#queue.isWaiting(name)) return;
    // Of a write that is under way it is not known which came first.
    if (!this.#queue.has(name) && !this.#writes.hasChanged(name)) {
      this.#local.remove(name);
      return;
    }
    this.#suspects.add(name);
  }

  /** Compares an entry with the tier's. */
  async #look(name: KeyName): Promise<void> {
    const here = this.#local.read(name);
    if (here === undefined) return;
    await this.#takeOwn([this.#ask(name)], (_, found) => this.#compare(name, here, found));
  }

  #compare(name: KeyName, here: LocalEntry, { frame, since, isCurrent }: Found): void {
    if (this.#isClosed) return;
    if (!isCurrent) {
      // News came while it was asked; if none came, it cannot be known, and the entry goes.
      if (!this.#suspects.has(name)) this.#local.remove(name);
      return;
    }
    if (here.hasTags && frame === undefined) return;
    if (frame && this.#isSame(frame.bytes, here)) return;
    this.#local.remove(name);
    if (frame && !this.#local.keep(name, frame, since)) this.noteDamaged();
  }

  /** In a cache that is closed, or poisoned, it cannot be known: false. */
  #isHere(name: KeyName, frame: Uint8Array): boolean {
    try {
      const here = this.#isClosed ? undefined : this.#local.read(name);
      return here !== undefined && !here.hasTags && this.#isSame(frame, here);
    } catch {
      return false;
    }
  }

  #isSame(frame: Uint8Array, { blocks, valueBytes }: LocalEntry): boolean {
    const own = this.#maker.make(blocks, valueBytes, 0);
    if (own === undefined) return false;
    const isSame = isSameValue(frame, bytesOf(own));
    this.#memory.release(own);
    return isSame;
  }
}
