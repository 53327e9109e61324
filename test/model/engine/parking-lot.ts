/**
 * The threads that sleep in a wait, in the order in which they went to sleep.
 *
 * Modelled after the wait lists of ECMA-262: a wait compares and parks in one step, a notify takes
 * the first sleepers of its address, nobody wakes for no reason. How long a wait lasts is not
 * modelled: `expire` ends all that have a time-out at once; see scheduler.ts.
 */
import { Pending, type VirtualThread } from './virtual-thread.ts';

/** Results of a wait, as the instruction gives them. */
export const WOKEN = 0;
export const NOT_EQUAL = 1;
export const TIMED_OUT = 2;

export class ParkingLot {
  readonly #words: Uint32Array;
  #parked: VirtualThread[] = [];

  constructor(words: Uint32Array) {
    this.#words = words;
  }

  reset(): void {
    this.#parked = [];
  }

  get sleepers(): readonly VirtualThread[] {
    return this.#parked;
  }

  /** Parks the thread if the word still has the value that its wait expects. */
  tryPark(thread: VirtualThread): boolean {
    const at = thread.address >>> 2;
    const isEqual =
      (this.#words[at]! | 0) === thread.expectedLow &&
      (thread.site.width === 4 || (this.#words[at + 1]! | 0) === thread.expectedHigh);
    if (!isEqual) return false;
    thread.pending = Pending.Parked;
    this.#parked.push(thread);
    return true;
  }

  /** Takes up to `count` sleepers of an address out of the lot. */
  take(address: number, count: number): VirtualThread[] {
    const woken = this.#parked.filter((sleeper) => sleeper.address === address).slice(0, count);
    for (const sleeper of woken) {
      this.leave(sleeper);
      sleeper.pending = Pending.Woken;
    }
    return woken;
  }

  /** Takes out all whose wait has a time-out, in the order in which they went to sleep. */
  expire(): VirtualThread[] {
    const late = this.#parked.filter(({ hasTimeout }) => hasTimeout);
    for (const sleeper of late) {
      this.leave(sleeper);
      sleeper.pending = Pending.Late;
    }
    return late;
  }

  leave(thread: VirtualThread): void {
    const index = this.#parked.indexOf(thread);
    if (index >= 0) this.#parked.splice(index, 1);
  }
}

/** A wait or notify traps on a bad address; its replacement has to as well. */
export function checkFutexAddress(words: Uint32Array, address: number, width: number): void {
  if (address % width !== 0) throw new RangeError(`wait or notify on unaligned ${address}`);
  if (address + width > words.byteLength) throw new RangeError('wait or notify out of bounds');
}
