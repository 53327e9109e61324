/**
 * What each step of the current execution touched, and which earlier steps it conflicts with.
 *
 * A *location* is a 32-bit word of the memory, or the queue of those who sleep on a word, or one of
 * two single places (below). Two accesses of one location conflict if one of them writes. Bytes of
 * one word are one location: that can only add conflicts.
 *
 *   location                meaning                              written by
 *   address >> 2            the word                             stores, what a cas changed
 *   QUEUES | address >> 2   the sleepers of the word             who parks, who wakes somebody
 *   BODIES                  variables that bodies share          a step in which a body ran
 *   KILLS                   who is dead, in which order          a step followed by a kill
 *
 * The two single places lie where the queues of the last words of a 4 GiB memory would be.
 *
 * Accesses are kept in one array in the order of the steps, and those of a location are chained
 * from the newest to the oldest:
 *
 *   entry e:  location | write bit     step     older entry of the location, 0 for none
 *
 * so going back to an earlier step is popping entries. A chain is walked to its first write: all
 * that lies behind it happened before that write.
 */
import { twiceAsLong } from '../strategy.ts';

export const QUEUES = 0x4000_0000;
export const BODIES = 0x7fff_fffe;
export const KILLS = 0x7fff_ffff;

const WRITE = 0x8000_0000 | 0;
const LOCATION = 0x7fff_ffff;
/** Heads of chains are kept in pages of 64 KiB that exist where something was touched. */
const PAGE_SHIFT = 14;
const PAGE_MASK = (1 << PAGE_SHIFT) - 1;

/** A copy of what a step touched: location, and the write bit. */
export type Footprint = Int32Array;

export class AccessLog {
  readonly #heads = new Array<Int32Array | undefined>(1 << (31 - PAGE_SHIFT));
  #accesses = new Int32Array(1024);
  #steps = new Int32Array(1024);
  #older = new Int32Array(1024);
  /** Entry 0 means none. */
  #count = 1;
  /** First entry of each step. */
  #firsts: number[] = [];

  /** Begins a step: what is added from now on is its. */
  begin(): void {
    this.#firsts.push(this.#count);
  }

  /** Forgets all steps from number `steps` on. */
  rewind(steps: number): void {
    if (steps >= this.#firsts.length) return;
    const first = this.#firsts[steps]!;
    for (let entry = this.#count - 1; entry >= first; entry--) {
      const location = this.#accesses[entry]! & LOCATION;
      this.#heads[location >>> PAGE_SHIFT]![location & PAGE_MASK] = this.#older[entry]!;
    }
    this.#count = first;
    this.#firsts.length = steps;
  }

  /** The last step touches a location. */
  add(location: number, writes: boolean): void {
    const bit = writes ? WRITE : 0;
    const page = location >>> PAGE_SHIFT;
    let heads = this.#heads[page];
    if (heads === undefined) {
      heads = new Int32Array(PAGE_MASK + 1);
      this.#heads[page] = heads;
    }
    const head = heads[location & PAGE_MASK]!;
    const step = this.#firsts.length - 1;
    if (head !== 0 && this.#steps[head] === step) {
      this.#accesses[head]! |= bit;
      return;
    }
    if (this.#count === this.#accesses.length) this.#grow();
    const entry = this.#count++;
    this.#accesses[entry] = location | bit;
    this.#steps[entry] = step;
    this.#older[entry] = head;
    heads[location & PAGE_MASK] = entry;
  }

  /** The last step touches bytes of the memory. */
  addBytes(address: number, length: number, writes: boolean): void {
    if (length === 0) return;
    const last = (address + length - 1) >>> 2;
    for (let word = address >>> 2; word <= last; word++) this.add(word, writes);
  }

  #grow(): void {
    this.#accesses = twiceAsLong(this.#accesses);
    this.#steps = twiceAsLong(this.#steps);
    this.#older = twiceAsLong(this.#older);
  }

  /** What a step touched. */
  footprint(step: number): Footprint {
    return this.#accesses.slice(this.#firsts[step]!, this.#firsts[step + 1] ?? this.#count);
  }

  /** True when the last step conflicts with a step that would touch these locations. */
  conflicts(footprint: Footprint): boolean {
    const step = this.#firsts.length - 1;
    for (let i = 0; i < footprint.length; i++) {
      const access = footprint[i]!;
      const location = access & LOCATION;
      const head = this.#heads[location >>> PAGE_SHIFT]?.[location & PAGE_MASK] ?? 0;
      if (head === 0 || this.#steps[head] !== step) continue;
      if ((access | this.#accesses[head]!) < 0) return true;
    }
    return false;
  }

  /**
   * The latest of the steps `from` to `end` - 1 that conflicts with the last one, or -1. The caller
   * has asked the same about all steps from `end` on, and needs no answer that was given to one.
   */
  latestConflict(from: number, end: number): number {
    let latest = from - 1;
    for (let entry = this.#firsts.at(-1)!; entry < this.#count; entry++) {
      const access = this.#accesses[entry]!;
      for (let older = this.#older[entry]!; older !== 0; older = this.#older[older]!) {
        const step = this.#steps[older]!;
        if (step <= latest) break;
        const isWrite = this.#accesses[older]! < 0;
        if (step >= end) {
          if (isWrite || access >= 0) break;
        } else if (isWrite || access < 0) {
          latest = step;
          break;
        }
      }
    }
    return latest < from ? -1 : latest;
  }

  /** Calls `visit` with steps that conflict with the last one, in any order and repeatedly. */
  forEachConflict(visit: (step: number) => void): void {
    const first = this.#firsts.at(-1)!;
    for (let entry = first; entry < this.#count; entry++) {
      const writes = this.#accesses[entry]! < 0;
      for (let older = this.#older[entry]!; older !== 0; older = this.#older[older]!) {
        const isWrite = this.#accesses[older]! < 0;
        if (writes || isWrite) visit(this.#steps[older]!);
        if (isWrite) break;
      }
    }
  }
}
