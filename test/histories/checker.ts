/**
 * Is a history linearizable? Each operation must seem to happen at one moment between its begin
 * and its end, and the answers must be those of a sequential object at these moments.
 *
 * The search is Lowe's just-in-time linearization ("Testing for linearizability", 2017), which
 * follows Wing and Gong's, but needs no more memory than the operations that are open at once. It
 * walks over begins and ends in the order of time, with the set of all *configurations* the object
 * may be in: its state, and which of the open operations have happened already. An operation
 * happens as late as possible: when it ends, or before another one that ends and needs it. When no
 * configuration is left, the operation that ended cannot be explained.
 *
 * An object that consists of independent ones (a cache: its keys) is linearizable if each of them
 * is, so each has a history of its own (Herlihy and Wing, 1990).
 *
 * A *pending* operation is one whose thread was killed: it has happened by its end, when the death
 * has been repaired, or it never happens.
 */
export interface Interval {
  /** Moments of one clock; those of a history are all different. */
  readonly begin: number;
  readonly end: number;
  readonly isPending: boolean;
  /** It happens once at least: a sweep may meet again what comes back meanwhile. */
  readonly isSweep?: boolean;
  /** It changes nothing, whenever it happens: so it happens as soon as it can. */
  readonly isInert?: boolean;
}

/** States that the object may be in after the operation; none if it cannot have answered so. */
export type Step<O> = (state: number, operation: O) => readonly number[];

export interface Violation<O> {
  /** It cannot have happened at any moment. */
  readonly operation: O;
  /** States that the object may have been in before. */
  readonly states: readonly number[];
}

/** More operations than this at once are a mistake of who recorded them. */
const MAX_OPEN = 30;

interface Configuration {
  readonly state: number;
  /** Bits of the open operations that have happened. */
  readonly done: number;
}

type Configurations = Map<string, Configuration>;

/** Looks for the first operation that cannot be explained. Cost: about linear in the history. */
export function findViolation<O extends Interval>(
  history: readonly O[],
  initial: number,
  step: Step<O>,
): Violation<O> | undefined {
  const events = history
    .flatMap((operation) => [
      { at: operation.begin, operation },
      { at: operation.end, operation },
    ])
    .sort((a, b) => a.at - b.at);
  const open = new Map<O, number>();
  let possible: Configurations = new Map();
  add(possible, { state: initial, done: 0 });
  for (const { operation } of events) {
    const bit = open.get(operation);
    if (bit === undefined) {
      open.set(operation, freeBit(open));
      continue;
    }
    const next = after(possible, open, operation, bit, step);
    if (next.size === 0) return { operation, states: statesOf(possible) };
    open.delete(operation);
    possible = next;
  }
  return undefined;
}

/** All configurations in which the operation has happened, or may never happen; its bit is free. */
function after<O extends Interval>(
  possible: Configurations,
  open: ReadonlyMap<O, number>,
  ended: O,
  bit: number,
  step: Step<O>,
): Configurations {
  const next: Configurations = new Map();
  const seen: Configurations = new Map();
  const inert = [...open].filter(([operation]) => operation.isInert);
  const left: Configuration[] = [];
  const reach = (to: Configuration): void => {
    const settled = settle(to, inert, step);
    if (add(seen, settled)) left.push(settled);
  };
  for (const one of possible.values()) reach(one);
  for (let from = left.pop(); from !== undefined; from = left.pop()) {
    const { state, done } = from;
    if ((done & bit) !== 0) add(next, { state, done: done & ~bit });
    else if (ended.isPending) add(next, from);
    if ((done & bit) !== 0 && !ended.isSweep) continue;
    for (const [operation, own] of open) {
      if ((done & own) !== 0 && !operation.isSweep) continue;
      for (const reached of step(state, operation)) reach({ state: reached, done: done | own });
    }
  }
  return next;
}

/** With all that can happen now and changes nothing: else there were a set for each choice. */
function settle<O extends Interval>(
  { state, done }: Configuration,
  inert: readonly (readonly [O, number])[],
  step: Step<O>,
): Configuration {
  let all = done;
  for (const [operation, own] of inert) {
    if ((all & own) === 0 && step(state, operation).includes(state)) all |= own;
  }
  return { state, done: all };
}

/** @returns whether it is new */
function add(set: Configurations, configuration: Configuration): boolean {
  const name = `${configuration.done} ${configuration.state}`;
  if (set.has(name)) return false;
  set.set(name, configuration);
  return true;
}

function freeBit(open: ReadonlyMap<unknown, number>): number {
  let used = 0;
  for (const bit of open.values()) used |= bit;
  for (let n = 0; n < MAX_OPEN; n++) if ((used & (1 << n)) === 0) return 1 << n;
  throw new Error(`more than ${MAX_OPEN} operations are open at once`);
}

function statesOf(set: Configurations): number[] {
  return [...new Set([...set.values()].map(({ state }) => state))];
}
