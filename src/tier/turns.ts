/**
 * Whose turn it is to ask the tier for a key, so that the threads of a process ask once for all.
 *
 * A table that they share has a word a slot; whoever finds nobody at it takes the turn, asks, keeps
 * here what came, and ends it. Others wait for the word meanwhile, and then find the value here.
 * Where they find none, since it could not be kept, or the turn was given up, they ask themselves.
 *
 *   hash 18 · time 12 · kind 2
 *     OVER → ASKING       taken, by compare-and-swap, as each step is
 *     ASKING → AWAITED    somebody waits, so the end has to be told
 *     either → OVER       look here, else ask
 *     either → NOTHING    the tier has nothing: no need to ask
 *     either → ASKING     of another time: a turn that is late is anybody's
 *   hash  with the slot it names the key. Two keys of one hash: one may be a miss
 *   time  when it was taken, in ticks of 16 ms; wraps after a minute
 *
 * A turn is a promise about work: nobody is wrong who asks without one. So keys that share a slot
 * by chance are asked for alone, and a dead thread, or one that stands still, costs those who wait
 * `waitMs`, and nothing has to be repaired: a turn is late by what its word says.
 */
import { systemTime } from '../border/clock.ts';
import { watchWord } from '../border/watch.ts';

const OVER = 0;
const NOTHING = 1;
const ASKING = 2;
const AWAITED = 3;
const KIND = 3;
const TICK_MS = 16;
const TIMES = 0xfff;
/** What clocks of threads may differ by. */
const EARLY = 64;
/** Longest wait: a quarter of what times wrap after. */
const MOST_TICKS = 1024;

/** A word of the table: ASKING: this thread's turn; AWAITED: another's; 0: none. */
export type Turn = number;

export class Turns {
  readonly #words: Int32Array;
  readonly #ticks: number;
  #isClosed = false;

  /** @param waitMs  after which a turn is late */
  constructor(words: Int32Array, waitMs: number) {
    this.#words = words;
    this.#ticks = Math.min(Math.ceil(waitMs / TICK_MS), MOST_TICKS);
  }

  /** Takes the turn, or notes that this thread waits for another's. */
  take(slot: number, hash: number, now: number = tick()): Turn {
    const own = (hash & ~0x3fff) | (now << 2) | ASKING;
    for (;;) {
      const seen = Atomics.load(this.#words, slot);
      const isFree = (seen & KIND) < ASKING || this.#isLate(seen, now);
      if (!isFree && (seen ^ own) >>> 14 !== 0) return 0;
      const next = isFree ? own : seen | AWAITED;
      // Whose exchange fails sees what another has done: each of these ends.
      if (next === seen || Atomics.compareExchange(this.#words, slot, seen, next) === seen) {
        return next;
      }
    }
  }

  /** Ends this thread's turn, unless it is another's by now. */
  end(slot: number, turn: Turn, hasNothing: boolean): void {
    const over = (turn & ~KIND) | (hasNothing ? NOTHING : OVER);
    if (Atomics.compareExchange(this.#words, slot, turn, over) === turn) return;
    const awaited = turn | AWAITED;
    if (Atomics.compareExchange(this.#words, slot, awaited, over) === awaited) {
      Atomics.notify(this.#words, slot);
    }
  }

  /** Waits for another's turn to end, or to be late. @returns whether the tier has nothing */
  wait(slot: number, turn: Turn): Promise<boolean> {
    const nothing = (turn & ~KIND) | NOTHING;
    return new Promise((resolve) => {
      const look = () => {
        const seen = Atomics.load(this.#words, slot);
        const isOver = seen !== turn || this.#isLate(seen, tick());
        if (!isOver && !this.#isClosed) return false;
        resolve(seen === nothing);
        return true;
      };
      watchWord(this.#words, slot, look, true, Math.max(TICK_MS, this.#ticks * (TICK_MS / 4)));
    });
  }

  /** Nobody waits here any longer: a quarter of a second at most. */
  close(): void {
    this.#isClosed = true;
  }

  #isLate(word: number, now: number): boolean {
    const age = ((now - (word >>> 2) + EARLY) & TIMES) - EARLY;
    return age > this.#ticks;
  }
}

/** Whether a turn is this thread's own. */
export function isOwn(turn: Turn): boolean {
  return (turn & KIND) === ASKING;
}

/** The time, as words have it. */
export function tick(): number {
  return Math.floor(systemTime.stamp() / TICK_MS) & TIMES;
}
