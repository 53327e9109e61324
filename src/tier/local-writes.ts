/**
 * What the threads of this process have written lately: a table that they share.
 *
 * Each thread talks to the tier by itself, so that one may hear of a change that another of this
 * very process has made, or bring back a value that another is just replacing. A word a slot counts
 * the writes of the keys that fall into it; who finds it changed cannot be sure, and asks the tier
 * anew. Keys that share a slot by chance cost such a question, nothing else.
 *
 *   word    begun 24 · under way 8: sets and deletes of its keys by any thread, counted before they
 *           are done here; and how many are not over yet: done here, and given to a queue, or come
 *           to nothing. While two are under way, their order is not known. One word, since each
 *           exchange costs a set 15 ns
 *   mark    which of its keys was last given to which thread's queue, after it was done here. So
 *           a queue learns that its own write of a key is not the last any more. Where another
 *           key of the slot has taken the mark, and other threads have marked the slot since, it
 *           is unknown. So it is when 1,023 threads were there, whose numbers others have again.
 *           It says whether the write waits: who asks the tier would get what is older
 *   turn    who asks the tier for a key (turns.ts)
 *   clears  of everything, by any thread, and whose queue is to clear the tier
 *   owners  by which number of a thread the zone knows whether it lives: what a dead one has left
 *           waiting waits no more
 *   reader  keeps what he has seen; nothing has to be taken back, so no death leaves anything
 */
import { hashOf, type KeyName, slotOf } from './key-name.ts';

/** 16 KiB: some ten keys under way at a time meet each other once in 400. */
const SLOTS = 4096;
/** A mark: 21 bits of the key's hash, `WAITS`, 10 of the thread's number; 0: it sends nothing. */
const THREAD_BITS = 1023;
const WAITS = 1024;
const HASH_BITS: number = ~(WAITS | THREAD_BITS);
/** Of all slots together: clears, threads that have a number, and who is to clear the tier. */
const CLEARS = 0;
const THREADS = 1;
const CLEARER = 2;
const TOTALS = 3;
/** Words, marks, turns; totals; owners. */
const BYTES: number = 4 * (3 * SLOTS + TOTALS + THREAD_BITS + 1);
/** Of a word: the writes under way, of 254 threads at most; the others are those begun. */
const UNDER_WAY = 0xff;
const BEGUN_SHIFT = 8;
const BEGUN = 0xff_ffff;
const BEGIN: number = (1 << BEGUN_SHIFT) + 1;

/** Instead of how often others have marked a slot: one of them was writing meanwhile. */
const CONTENDED: number = 1 << 31;

/** What a write that waits is among those of its key by all threads. */
export type Standing = 'last' | 'superseded' | 'orphaned' | 'unknown';

/** How the zone tells threads from dead ones. */
export interface Life {
  /** This thread's number there. */
  readonly owner: number;
  /** Cost: a look at each thread. */
  isLive(owner: number): boolean;
}

export class LocalWrites {
  readonly #words: Int32Array;
  /** What this thread saw when it was told of a change last. */
  readonly #seen: Int32Array;
  readonly #marks: Int32Array;
  /** How often this thread has marked a slot. */
  readonly #own: Int32Array = new Int32Array(SLOTS);
  /** Writes of the slot that had begun when this thread's did; −1: one was under way. */
  #begun = -1;
  readonly #totals: Int32Array;
  readonly #owners: Int32Array;
  readonly #life: Life;
  readonly #thread: number;
  /** Of a mark that this thread leaves. */
  readonly #state: number;
  /** Of the slots: which thread is asking the tier. */
  readonly turns: Int32Array;
  /** The name that was hashed last: a write hashes its own three times. */
  #name: KeyName = '';
  #hash: number = hashOf('');

  /** @param sends  whether this thread talks to the tier */
  constructor(buffer: SharedArrayBuffer, sends: boolean, life: Life) {
    this.#life = life;
    this.#words = new Int32Array(buffer, 0, SLOTS);
    this.#seen = this.#words.slice();
    this.#marks = new Int32Array(buffer, SLOTS * 4, SLOTS);
    this.turns = new Int32Array(buffer, SLOTS * 8, SLOTS);
    this.#totals = new Int32Array(buffer, SLOTS * 12, TOTALS);
    this.#owners = new Int32Array(buffer, SLOTS * 12 + TOTALS * 4, THREAD_BITS + 1);
    this.#thread = sends ? 1 + ((Atomics.add(this.#totals, THREADS, 1) >>> 0) % THREAD_BITS) : 0;
    this.#state = sends ? this.#thread | WAITS : 0;
    if (sends) Atomics.store(this.#owners, this.#thread, life.owner);
  }

  static create(): SharedArrayBuffer {
    return new SharedArrayBuffer(BYTES);
  }

  static isBuffer(value: unknown): value is SharedArrayBuffer {
    return (
      Object.prototype.toString.call(value) === '[object SharedArrayBuffer]' &&
      (value as SharedArrayBuffer).byteLength === BYTES
    );
  }

  hashOf(name: KeyName): number {
    if (name !== this.#name) {
      this.#hash = hashOf(name);
      this.#name = name;
    }
    return this.#hash;
  }

  slotOf(name: KeyName): number {
    return slotOf(this.hashOf(name), SLOTS);
  }

  /** This thread is about to write; `mark`, or `giveUp`, is next. @param hash  of the name */
  note(name: KeyName, hash: number = hashOf(name)): void {
    this.#name = name;
    this.#hash = hash;
    const slot = slotOf(hash, SLOTS);
    const before = Atomics.add(this.#words, slot, BEGIN);
    this.#begun = (before & UNDER_WAY) === 0 ? begunOf(before + BEGIN) : -1;
  }

  /** It has written nothing. */
  giveUp(name: KeyName): void {
    this.#end(this.slotOf(name));
  }

  /** @returns the word before */
  #end(slot: number): number {
    this.#own[slot] = this.#own[slot]! + 1;
    return Atomics.sub(this.#words, slot, 1);
  }

  /** Moves when a write of a slot's keys begins, and when it is over; wraps. */
  count(slot: number): number {
    return Atomics.load(this.#words, slot);
  }

  /** Whether somebody has written since this was asked last. */
  hasChanged(name: KeyName): boolean {
    const slot = this.slotOf(name);
    const word = Atomics.load(this.#words, slot);
    const isChanged = begunOf(word) !== begunOf(this.#seen[slot]!);
    this.#seen[slot] = word;
    return isChanged;
  }

  /**
   * This thread has written, and its queue, if it has one, is about to be told.
   *
   * @returns how often others have marked the slot, or CONTENDED
   */
  mark(name: KeyName): number {
    const slot = this.slotOf(name);
    // Plainly, for a fence costs a set 15 ns more and the next exchange is one: who finds that the
    // write is over finds the mark.
    this.#marks[slot] = this.#hashBits(name) | this.#state;
    const before = this.#end(slot);
    return begunOf(before) === this.#begun ? this.#ofOthers(slot, before - 1) : CONTENDED;
  }

  /** Of a slot's writes that are over, those by others; wraps. */
  #ofOthers(slot: number, word: number): number {
    return (begunOf(word) - (word & UNDER_WAY) - this.#own[slot]!) & BEGUN;
  }

  /** What a write is by now. @param others  what this thread's `mark` of it has returned */
  standing(name: KeyName, others: number): Standing {
    const slot = this.slotOf(name);
    const mark = Atomics.load(this.#marks, slot);
    if ((mark & HASH_BITS) === this.#hashBits(name)) {
      const thread = mark & THREAD_BITS;
      if (thread !== this.#thread) return thread === 0 ? 'orphaned' : 'superseded';
      if (!this.#mayHaveTwin && others !== CONTENDED) return 'last';
    }
    const isAlone = this.#ofOthers(slot, Atomics.load(this.#words, slot)) === others;
    return isAlone ? 'last' : 'unknown';
  }

  /** What this thread wrote last waits no more: it is in the tier, or will not be. */
  arrived(name: KeyName): void {
    const mark = this.#hashBits(name) | this.#thread;
    Atomics.compareExchange(this.#marks, this.slotOf(name), mark | WAITS, mark);
  }

  /** Everything is about to be cleared, in the tier as well. */
  noteClear(): void {
    Atomics.add(this.#totals, CLEARS, 1);
  }

  /** This thread's queue is to clear the tier: until then it has what is older. */
  awaitClear(): void {
    Atomics.store(this.#totals, CLEARER, this.#thread);
  }

  /** It has, or does not any more. If two were to, one is enough. */
  clearArrived(): void {
    Atomics.compareExchange(this.#totals, CLEARER, this.#thread, 0);
  }

  /** Clears so far; wraps. */
  get clears(): number {
    return Atomics.load(this.#totals, CLEARS);
  }

  /**
   * Whether what the tier has of a key is older than what was done here: another thread's write
   * waits, or anybody's clear. A thread's own writes its queue knows.
   */
  isTierBehind(name: KeyName): boolean {
    const clearer = Atomics.load(this.#totals, CLEARER);
    if (clearer !== 0 && this.#isLive(clearer)) return true;
    const mark = Atomics.load(this.#marks, this.slotOf(name));
    if ((mark & WAITS) === 0 || (mark & HASH_BITS) !== this.#hashBits(name)) return false;
    const thread = mark & THREAD_BITS;
    return thread !== this.#thread && this.#isLive(thread);
  }

  #isLive(thread: number): boolean {
    return this.#life.isLive(Atomics.load(this.#owners, thread) >>> 0);
  }

  /** Whether another thread may have this one's number: it may have written its mark. */
  get #mayHaveTwin(): boolean {
    return Atomics.load(this.#totals, THREADS) >>> 0 > THREAD_BITS;
  }

  #hashBits(name: KeyName): number {
    return this.hashOf(name) & HASH_BITS;
  }
}

/** How many of a slot's writes have begun; wraps. */
function begunOf(word: number): number {
  return word >>> BEGUN_SHIFT;
}
