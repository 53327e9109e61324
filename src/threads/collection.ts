/**
 * Collecting the supervisor's heap, so that it keeps no memory of zones that it has left.
 *
 * An idle heap is never collected, and the one call of Node's that collects everything takes 60 ms
 * of a processor. So it is made only
 *   - unless the memory of each zone that was left is another one's by then, which is held and
 *     keeps it anyway: a program that closes a cache and makes the next one pays nothing
 *   - a tenth of the time at most, however often zones are left
 * Decision 0084.
 */
import { later } from '../border/timer.ts';
import { zoneIdOf } from './zone-id.ts';

type Now = () => number;
type Identified = Parameters<typeof zoneIdOf>[0];

const elapsed: Now = performance.now.bind(performance);
/** The memory may be another zone's by then. */
const DELAY_MS = 50;
/** Of the time that one has taken: so long none is made. */
const REST = 9;

export class Collection {
  readonly #collect: () => void;
  readonly #now: Now;
  readonly #later: typeof later;
  readonly #holds: (zone: string) => boolean;
  /** Zones since the last look. */
  #left: Identified[] = [];
  #restsUntil = 0;

  /** @param holds  whether the zone of that identity is one that is not left */
  constructor(
    collect: () => void,
    holds: (zone: string) => boolean,
    now: Now = elapsed,
    wait: typeof later = later,
  ) {
    this.#collect = collect;
    this.#holds = holds;
    this.#now = now;
    this.#later = wait;
  }

  /** Nothing but this refers to the zone any more. */
  leave(kernel: Identified): void {
    this.#left.push(kernel);
    if (this.#left.length > 1) return;
    this.#later(() => this.#look(), Math.max(DELAY_MS, this.#restsUntil - this.#now()), true);
  }

  #look(): void {
    const isOurs = this.#left.every((kernel) => this.#holds(zoneIdOf(kernel)));
    this.#left = [];
    if (isOurs) return;
    const began = this.#now();
    this.#collect();
    const ended = this.#now();
    this.#restsUntil = ended + REST * (ended - began);
  }
}
