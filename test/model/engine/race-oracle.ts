/**
 * The race detector's judge: happens-before as a relation between all pairs of events, by bytes.
 *
 * Nothing here is clever, fast or shared with the detector. Each event has the set of events that
 * happened before it; each byte has its last write, and its last atomic accesses, all of one range.
 */
import type { EngineEvent } from './observer.ts';

export type AccessEvent = Extract<EngineEvent, { kind: 'access' }>;

/** An event of a program; `succeeds` says so of a compare-and-swap. */
export interface Told {
  event: EngineEvent;
  succeeds: boolean;
}

/** The earlier events with which an event races, and whether it mixes widths. */
export interface Verdict {
  races: Set<number>;
  isMixed: boolean;
}

interface Past {
  before: Set<number>;
  access: AccessEvent | null;
  isWrite: boolean;
}

export class RaceOracle {
  readonly #past: Past[] = [];
  readonly #lastOf = new Map<number, number>();
  readonly #wakers = new Map<number, number[]>();
  readonly #writers = new Map<number, number>();
  readonly #atomics = new Map<number, AccessEvent>();

  /** Judges the next event of the program. */
  judge({ event, succeeds }: Told): Verdict {
    const index = this.#past.length;
    const access = event.kind === 'access' ? event : null;
    const isWrite = access?.site.writes === true && (access.site.op !== 'cas' || succeeds);
    const now: Past = { before: this.#before(event), access, isWrite };
    const races = new Set<number>();
    this.#past.forEach((past, other) => {
      if (conflict(past, now) && !now.before.has(other)) races.add(other);
    });
    this.#past.push(now);
    this.#lastOf.set(event.thread, index);
    if (event.kind === 'notify') {
      for (const it of event.woken) this.#wakers.set(it, [...(this.#wakers.get(it) ?? []), index]);
    }
    return { races, isMixed: access !== null && this.#touch(access, isWrite, index) };
  }

  /** All events that happened before one that comes now. */
  #before(event: EngineEvent): Set<number> {
    const roots = [this.#lastOf.get(event.thread)];
    if (event.kind === 'recover') roots.push(this.#lastOf.get(event.victim));
    if (event.kind === 'resume') {
      if (!event.timedOut) roots.push(...(this.#wakers.get(event.thread) ?? []));
      this.#wakers.delete(event.thread);
    }
    if (event.kind === 'access' && event.site.atomic && event.site.reads) {
      roots.push(this.#source(event));
    }
    const before = new Set<number>();
    for (const root of roots.filter((it) => it !== undefined)) {
      before.add(root);
      for (const it of this.#past[root]!.before) before.add(it);
    }
    return before;
  }

  /** The atomic write of the same range from which an atomic read takes all its bytes. */
  #source(access: AccessEvent): number | undefined {
    const writers = bytesOf(access).map((at) => this.#writers.get(at));
    const from = writers[0] === undefined ? undefined : this.#past[writers[0]]!.access;
    const isOne = writers.every((it) => it === writers[0]);
    return isOne && from?.site.atomic && isSameRange(from, access) ? writers[0] : undefined;
  }

  /** Notes an access; returns whether an atomic one finds atomic ones of another range. */
  #touch(access: AccessEvent, isWrite: boolean, index: number): boolean {
    let isMixed = false;
    for (const at of bytesOf(access)) {
      const other = this.#atomics.get(at);
      if (access.site.atomic) {
        if (other !== undefined && !isSameRange(other, access)) isMixed = true;
        this.#atomics.set(at, access);
      } else if (isWrite) this.#atomics.delete(at);
      if (isWrite) this.#writers.set(at, index);
    }
    return isMixed;
  }
}

function bytesOf({ address, length }: AccessEvent): number[] {
  return Array.from({ length }, (_, i) => address + i);
}

function isSameRange(one: AccessEvent, other: AccessEvent): boolean {
  return one.address === other.address && one.length === other.length;
}

/** Whether two accesses must not be unordered; for two atomic ones the rule on widths holds. */
function conflict(one: Past, other: Past): boolean {
  if (one.access === null || other.access === null) return false;
  if (one.access.thread === other.access.thread || !(one.isWrite || other.isWrite)) return false;
  if (one.access.site.atomic && other.access.site.atomic) return false;
  const [a, b] = [one.access, other.access];
  return a.address < b.address + b.length && b.address < a.address + a.length;
}
