/**
 * What decides: the interface between the machine and a way of searching, and the schedule.
 *
 * The machine offers a set of *choices*, one bit each:
 *
 *   bit t        let thread t make its next step          t = 0…15
 *   bit 16 + t   stop thread t for ever, before its step
 *
 * and the strategy answers with the number of one bit. A schedule is the list of answers of one
 * execution; as a string it replays that execution whatever strategy found it:
 *
 *   0*3.1.!0.2     thread 0 makes 3 steps, 1 makes one, 0 is killed, 2 makes one
 *   0*3.!0@2       thread 0 is killed after its third step, before its plain store number 2 since
 */

import type { Observer } from './observer.ts';
import type { VirtualThread } from './virtual-thread.ts';

export const MAX_THREADS = 16;
export const KILL = 16;
const STORE_KILL = 32;

export interface Strategy {
  /** Called before each execution; the threads show what each is about to do. */
  begin(threads: readonly VirtualThread[]): void;
  /**
   * Picks one of the choices in `offer`; `running` made the last step, -1 before the first. A
   * negative answer ends the execution, which is then `isCut` and not checked.
   */
  choose(offer: number, running: number): number;
  /** Asked before a plain store when a kill is possible: shall the thread die here? */
  killAtStore(thread: number, store: number): boolean;
  /** Called after each execution that found nothing; false when the search is over. */
  advance(): boolean;
  /** True when every execution of the searched space has been run. */
  readonly complete: boolean;
  /** True when the last execution was ended early, because its rest has been seen elsewhere. */
  readonly isCut?: boolean;
  /** Told of everything that happens, for a strategy that learns from it. */
  readonly observer?: Observer;
}

/** The thread that a choice is about. */
export function threadOf(choice: number): number {
  return choice & (MAX_THREADS - 1);
}

/** Number of the lowest set bit. */
export function lowest(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

/** The same numbers at the beginning of an array with as many zeros behind them. */
export function twiceAsLong(old: Int32Array): Int32Array<ArrayBuffer> {
  const array = new Int32Array(old.length * 2);
  array.set(old);
  return array;
}

/** What a strategy throws that is offered other steps than the last time. */
export function nondeterminism(): Error {
  return new Error('the scenario is not deterministic: the same schedule offered other steps');
}

/** The answers of one execution, in order. */
export class Schedule {
  #entries = new Int32Array(256);
  #count = 0;

  clear(): void {
    this.#count = 0;
  }

  push(choice: number): void {
    if (this.#count === this.#entries.length) {
      const entries = new Int32Array(this.#count * 2);
      entries.set(this.#entries);
      this.#entries = entries;
    }
    this.#entries[this.#count++] = choice;
  }

  pushStoreKill(thread: number, store: number): void {
    this.push(STORE_KILL | thread | (store << 8));
  }

  toString(): string {
    return formatSchedule(this.#entries.subarray(0, this.#count));
  }
}

/** One answer read from a string: `store` is set for a kill before a plain store. */
export interface ScheduleEntry {
  choice: number;
  store?: number;
}

function formatSchedule(entries: Int32Array): string {
  const parts: string[] = [];
  for (let i = 0; i < entries.length; ) {
    const entry = entries[i]!;
    let end = i + 1;
    while (entry < KILL && entries[end] === entry) end++;
    parts.push(formatEntry(entry) + (end - i > 1 ? `*${end - i}` : ''));
    i = end;
  }
  return parts.join('.');
}

function formatEntry(entry: number): string {
  if (entry < KILL) return String(entry);
  const kill = `!${threadOf(entry)}`;
  return entry & STORE_KILL ? `${kill}@${entry >>> 8}` : kill;
}

/** Reads a schedule; throws on anything that `Schedule` would not have written. */
export function parseSchedule(text: string): ScheduleEntry[] {
  const entries: ScheduleEntry[] = [];
  for (const part of text === '' ? [] : text.split('.')) {
    const match = /^(!?)(\d+)(?:\*(\d+))?(?:@(\d+))?$/.exec(part);
    if (match === null) throw new SyntaxError(`not part of a schedule: ${part}`);
    const [, kill, thread, repeat, store] = match;
    const choice = Number(thread) + (kill ? KILL : 0);
    const entry = store === undefined ? { choice } : { choice, store: Number(store) };
    for (let i = Number(repeat ?? 1); i > 0; i--) entries.push(entry);
  }
  return entries;
}
