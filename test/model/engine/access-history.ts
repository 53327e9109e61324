/**
 * Compares each access with those before it that touched the same bytes, and remembers it.
 *
 * Which earlier accesses must have happened before a new one:
 *
 *   new            plain reads   plain writes   atomic reads   atomic writes
 *   plain read          -             x              -              x
 *   plain write         x             x              x              x
 *   atomic read         -             x              -              -
 *   atomic write        x             x              -              -
 *
 * Atomic accesses are never unordered among themselves if their ranges are equal; that is what the
 * shape of a cell is for. A plain write resets it: the bytes begin another life.
 */
import {
  ATOMIC_READ,
  ATOMIC_WRITE,
  CELL,
  grown,
  PLAIN_READ,
  PLAIN_WRITE,
  SHAPE,
  SHAPE_STEP,
  ShadowMemory,
  SYNC,
} from './shadow-memory.ts';
import type { Site } from './site.ts';
import { ROW, THREAD_BITS, type ThreadClocks } from './thread-clocks.ts';

/** Told of two accesses, by number, that touch `address` and must not. */
export type OnConflict = (isMixed: boolean, first: number, second: number, address: number) => void;

/** Numbers in the log for each access: thread, site, address, length, and what it published. */
const LOGGED = 5;

export class AccessHistory {
  readonly #clocks: ThreadClocks;
  readonly #threads: number;
  readonly #shadow: ShadowMemory;
  readonly #onConflict: OnConflict;
  #log = new Int32Array(LOGGED * 1024);
  #logged = 0;

  constructor(clocks: ThreadClocks, threads: number, onConflict: OnConflict) {
    this.#clocks = clocks;
    this.#threads = threads;
    this.#shadow = new ShadowMemory(threads);
    this.#onConflict = onConflict;
  }

  clear(): void {
    this.#shadow.clear();
    this.#logged = 0;
  }

  threadOf(access: number): number {
    return this.#log[access * LOGGED]!;
  }

  siteOf(access: number): number {
    return this.#log[access * LOGGED + 1]!;
  }

  addressOf(access: number): number {
    return this.#log[access * LOGGED + 2]! >>> 0;
  }

  lengthOf(access: number): number {
    return this.#log[access * LOGGED + 3]!;
  }

  /** Writes an access down; returns its number. */
  add(thread: number, site: Site, address: number, length: number): number {
    const at = this.#logged * LOGGED;
    if (at === this.#log.length) this.#log = grown(this.#log, at + LOGGED);
    const log = this.#log;
    log[at] = thread;
    log[at + 1] = site.id;
    log[at + 2] = address;
    log[at + 3] = length;
    log[at + 4] = 0;
    return this.#logged++;
  }

  // --- plain accesses --------------------------------------------------------------------------

  plain(thread: number, site: Site, address: number, length: number): void {
    if (this.#isAgain(thread, site, address, length)) return;
    const access = this.add(thread, site, address, length);
    const isWrite = site.writes;
    const end = address + length;
    for (let at = address; at < end; ) {
      let cell = this.#shadow.find(at >>> 2);
      if (cell >= 0 && (at & 3) === 0 && end - at >= 4) {
        this.#plainCell(cell, access, at, isWrite);
        at += 4;
        continue;
      }
      cell = cell < 0 ? ~cell : this.#shadow.split(at >>> 2);
      const stop = Math.min(end, at - (at & 3) + 4);
      for (; at < stop; at++) this.#plainCell(cell + (at & 3) * CELL, access, at, isWrite);
    }
  }

  /** Whether the thread did the same here in this epoch: half of all that it does. */
  #isAgain(thread: number, site: Site, address: number, length: number): boolean {
    const first = address & 3;
    if (first + length > 4) return false;
    const cell = this.#shadow.find(address >>> 2);
    if (cell >= 0) return length === 4 && this.#isSame(cell, thread, site);
    for (let byte = first; byte < first + length; byte++) {
      if (!this.#isSame(~cell + byte * CELL, thread, site)) return false;
    }
    return true;
  }

  #isSame(cell: number, thread: number, site: Site): boolean {
    const { cells } = this.#shadow;
    if (site.writes && (cells[cell + SYNC] !== 0 || cells[cell + SHAPE] !== 0)) return false;
    const kind = cell + (site.writes ? PLAIN_WRITE : PLAIN_READ);
    const isSame = cells[kind] === this.#clocks.epochOf(thread);
    return isSame && this.siteOf(cells[kind + 1]!) === site.id;
  }

  #plainCell(cell: number, access: number, address: number, isWrite: boolean): void {
    const { cells } = this.#shadow;
    const kind = cell + (isWrite ? PLAIN_WRITE : PLAIN_READ);
    if (isWrite) {
      cells[cell + SYNC] = 0;
      cells[cell + SHAPE] = 0;
    }
    const thread = this.threadOf(access);
    const epoch = this.#clocks.epochOf(thread);
    // The same again: whoever came in between was compared with the first time.
    if (cells[kind] === epoch && this.siteOf(cells[kind + 1]!) === this.siteOf(access)) return;
    if (isWrite) {
      this.#compare(cell + PLAIN_READ, access, address);
      this.#compare(cell + ATOMIC_READ, access, address);
    }
    this.#compare(cell + PLAIN_WRITE, access, address);
    this.#compare(cell + ATOMIC_WRITE, access, address);
    this.#note(kind, epoch, access);
  }

  // --- atomic accesses -------------------------------------------------------------------------

  /** What an atomic read acquires: the number that a write of just its range published, or 0. */
  publishedFor(access: number): number {
    const address = this.addressOf(access);
    const end = address + this.lengthOf(access);
    let sync = -1;
    for (let at = address; at < end; at++) {
      const cell = this.#shadow.find(at >>> 2);
      const found = this.#shadow.cells[(cell >= 0 ? cell : ~cell + (at & 3) * CELL) + SYNC]!;
      if (found === 0 || (sync >= 0 && found !== sync)) return 0;
      sync = found;
      if (cell >= 0) at += 3 - (at & 3);
    }
    return this.#isOtherRange(sync - 1, access) ? 0 : this.#log[(sync - 1) * LOGGED + 4]!;
  }

  atomicRead(access: number): void {
    this.#atomic(access, false);
  }

  /**
   * Tells of earlier atomic accesses of these words that the new one is not ordered with, and that
   * would race with it if either were plain. To be asked before it acquires anything.
   */
  tellNear(access: number, isWrite: boolean, onNear: OnConflict): void {
    const end = this.addressOf(access) + this.lengthOf(access);
    for (let at = this.addressOf(access); at + 4 <= end; at += 4) {
      const cell = this.#shadow.find(at >>> 2);
      if (cell < 0) continue;
      this.#compare(cell + ATOMIC_WRITE, access, at, onNear);
      if (isWrite) this.#compare(cell + ATOMIC_READ, access, at, onNear);
    }
  }

  /** A write, or a read and write in one, that leaves `published` for its readers. */
  atomicWrite(access: number, published: number): void {
    this.#log[access * LOGGED + 4] = published;
    this.#atomic(access, true);
  }

  #atomic(access: number, isWrite: boolean): void {
    const address = this.addressOf(access);
    const length = this.lengthOf(access);
    const end = address + length;
    for (let at = address; at < end; ) {
      let cell = this.#shadow.find(at >>> 2);
      let shape = (at - address) * SHAPE_STEP + length;
      if (cell >= 0 && length >= 4) {
        this.#atomicCell(cell, access, at, shape, isWrite);
        at += 4;
        continue;
      }
      cell = cell < 0 ? ~cell : this.#shadow.split(at >>> 2);
      const stop = Math.min(end, at - (at & 3) + 4);
      for (; at < stop; at++, shape += SHAPE_STEP) {
        this.#atomicCell(cell + (at & 3) * CELL, access, at, shape, isWrite);
      }
    }
  }

  #atomicCell(cell: number, access: number, at: number, shape: number, isWrite: boolean): void {
    const { cells } = this.#shadow;
    if (cells[cell + SHAPE] !== shape) {
      if (cells[cell + SHAPE] !== 0) this.#mixed(cell, access, at);
      cells[cell + SHAPE] = shape;
    }
    const epoch = this.#clocks.epochOf(this.threadOf(access));
    this.#compare(cell + PLAIN_WRITE, access, at);
    if (!isWrite) {
      this.#note(cell + ATOMIC_READ, epoch, access);
      return;
    }
    this.#compare(cell + PLAIN_READ, access, at);
    this.#note(cell + ATOMIC_WRITE, epoch, access);
    cells[cell + SYNC] = access + 1;
  }

  /** Reports the atomic access whose range differs from the new one's. */
  #mixed(cell: number, access: number, address: number): void {
    const { cells } = this.#shadow;
    let first = -1;
    for (const kind of [ATOMIC_READ, ATOMIC_WRITE]) {
      const epoch = cells[cell + kind]!;
      const count = epoch < 0 ? this.#threads : Math.min(epoch, 1);
      for (let i = 0; i < count; i++) {
        const vector = this.#shadow.vectors;
        if (epoch < 0 && vector[(i - epoch) * 2] === 0) continue;
        const other = epoch > 0 ? cells[cell + kind + 1]! : vector[(i - epoch) * 2 + 1]!;
        if (other > first && this.#isOtherRange(other, access)) first = other;
      }
    }
    if (first >= 0) this.#onConflict(true, first, access, address);
  }

  #isOtherRange(one: number, other: number): boolean {
    return (
      this.addressOf(one) !== this.addressOf(other) || this.lengthOf(one) !== this.lengthOf(other)
    );
  }

  // --- the last accesses of a kind -------------------------------------------------------------

  /** Reports what stands at `kind` and did not happen before the access. */
  #compare(kind: number, access: number, address: number, tell = this.#onConflict): void {
    const epoch = this.#shadow.cells[kind]!;
    if (epoch === 0) return;
    const thread = this.threadOf(access);
    if (epoch > 0) {
      if (this.#isBefore(epoch, thread)) return;
      tell(false, this.#shadow.cells[kind + 1]!, access, address);
      return;
    }
    for (let i = 0; i < this.#threads; i++) {
      const at = (i - epoch) * 2;
      if (this.#isBefore(this.#shadow.vectors[at]!, thread)) continue;
      tell(false, this.#shadow.vectors[at + 1]!, access, address);
    }
  }

  /** Whether what happened at an epoch happened before what the thread does now. */
  #isBefore(epoch: number, thread: number): boolean {
    const by = epoch & (ROW - 1);
    return epoch >>> THREAD_BITS <= this.#clocks.rows[thread * ROW + by]!;
  }

  /** Makes the access the last of its thread, and of all threads if it comes after the others. */
  #note(kind: number, epoch: number, access: number): void {
    const { cells } = this.#shadow;
    const last = cells[kind]!;
    const thread = epoch & (ROW - 1);
    if (last >= 0 && this.#isBefore(last, thread)) {
      cells[kind] = epoch;
      cells[kind + 1] = access;
      return;
    }
    const vector = last < 0 ? -last : this.#shadow.addVector();
    const { vectors } = this.#shadow;
    if (last > 0) {
      const by = last & (ROW - 1);
      vectors[(vector + by) * 2] = last;
      vectors[(vector + by) * 2 + 1] = cells[kind + 1]!;
    }
    vectors[(vector + thread) * 2] = epoch;
    vectors[(vector + thread) * 2 + 1] = access;
    cells[kind] = -vector;
  }
}
