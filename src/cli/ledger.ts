/**
 * The ledger: what happened to each file, in memory that all threads of the demo share.
 *
 * One record a file, and a state that moves only as this table says:
 *
 *   PENDING  nobody has taken it yet       → UNREADABLE, REFUSED, STORED   its loader
 *   UNREADABLE  there was nothing to offer
 *   REFUSED  the cache said no
 *   STORED   the cache said yes            → PRESENT, EVICTED, WRONG       its first verifier
 *   PRESENT  read back right               → DOOMED by the main thread;
 *                                            VERIFIED, EVICTED, WRONG      its last verifier
 *   DOOMED   chosen to be deleted          → DELETED, EVICTED              its deleter
 *   DELETED                                → WRONG if it is still there    its last verifier
 *   EVICTED  stored, and not there any more
 *   VERIFIED read back right in the last round
 *   WRONG    the cache gave something else than it was given
 *
 * A record has one writer in each phase, and a message ends each phase, so plain accesses do. The
 * two words of `control` are the exception: next file to take, files done.
 *
 * The digest is of the bytes that were offered. A file that changes on disk afterwards differs from
 * a value that is right; the digest tells the two cases apart, which a time stamp cannot.
 */

export const PENDING = 0;
export const UNREADABLE = 1;
export const REFUSED = 2;
export const STORED = 3;
export const PRESENT = 4;
export const DOOMED = 5;
export const DELETED = 6;
export const EVICTED = 7;
export const VERIFIED = 8;
export const WRONG = 9;

/** SHA-256. */
const DIGEST_BYTES = 32;
const NEXT = 0;
const DONE = 1;

/** The memory of a ledger; crosses to workers as it is. */
export interface LedgerMemory {
  control: SharedArrayBuffer;
  states: SharedArrayBuffer;
  writers: SharedArrayBuffer;
  digests: SharedArrayBuffer;
}

export class Ledger {
  readonly memory: LedgerMemory;
  /** By file: a state of the table. */
  readonly states: Uint8Array;
  /** By file: the worker that loaded it. */
  readonly writers: Uint8Array;
  readonly #control: Int32Array;
  readonly #digests: Uint8Array;

  constructor(memory: LedgerMemory) {
    this.memory = memory;
    this.states = new Uint8Array(memory.states);
    this.writers = new Uint8Array(memory.writers);
    this.#control = new Int32Array(memory.control);
    this.#digests = new Uint8Array(memory.digests);
  }

  static create(files: number): Ledger {
    return new Ledger({
      control: new SharedArrayBuffer(8),
      states: new SharedArrayBuffer(files),
      writers: new SharedArrayBuffer(files),
      digests: new SharedArrayBuffer(files * DIGEST_BYTES),
    });
  }

  /** A file that no other thread gets in this phase; beyond the end when all are taken. */
  take(): number {
    return Atomics.add(this.#control, NEXT, 1);
  }

  /** Counts a file as dealt with. @returns how many are */
  finish(): number {
    return Atomics.add(this.#control, DONE, 1) + 1;
  }

  get done(): number {
    return Atomics.load(this.#control, DONE);
  }

  /** Begins a phase. Every worker must be idle. */
  rewind(): void {
    this.#control.fill(0);
  }

  keepDigest(file: number, digest: Uint8Array): void {
    this.#digests.set(digest, file * DIGEST_BYTES);
  }

  isDigest(file: number, digest: Uint8Array): boolean {
    return digest.every((byte, index) => this.#digests[file * DIGEST_BYTES + index] === byte);
  }

  /** Files in a state. */
  count(state: number): number {
    return this.states.reduce((sum, seen) => sum + (seen === state ? 1 : 0), 0);
  }
}
