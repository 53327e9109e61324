/**
 * Repeats one execution from its schedule.
 *
 * A schedule that does not fit (another module, another scenario) is reported, never bent. Where
 * it ends early the running thread goes on, so that a prefix is a useful schedule too.
 */
import { KILL, parseSchedule, type ScheduleEntry, type Strategy } from '../strategy.ts';

export class Replay implements Strategy {
  readonly #entries: ScheduleEntry[];
  #at = 0;
  readonly complete = false;

  constructor(schedule: string) {
    this.#entries = parseSchedule(schedule);
  }

  begin(): void {
    this.#at = 0;
  }

  choose(offer: number, running: number): number {
    const entry = this.#entries[this.#at++];
    if (entry === undefined) return fallback(offer, running);
    if (entry.store !== undefined || (offer & (1 << entry.choice)) === 0) {
      const what =
        entry.choice >= KILL ? `kill of ${entry.choice - KILL}` : `step of ${entry.choice}`;
      throw new Error(
        `the schedule does not fit: entry ${this.#at} is a ${what}, not possible here`,
      );
    }
    return entry.choice;
  }

  killAtStore(thread: number, store: number): boolean {
    const entry = this.#entries[this.#at];
    if (entry?.choice !== KILL + thread || entry.store !== store) return false;
    this.#at++;
    return true;
  }

  advance(): boolean {
    return false;
  }
}

function fallback(offer: number, running: number): number {
  if (running >= 0 && (offer & (1 << running)) !== 0) return running;
  const runs = offer & 0xffff;
  return 31 - Math.clz32(runs & -runs);
}
