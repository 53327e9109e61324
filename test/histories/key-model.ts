/**
 * What one key of a cache does, one operation after the other: the object that histories are
 * compared with.
 *
 * A state is the number of the value, 0 if there is none, and −v if there is none and v is being
 * computed. Every value has a number of its own; odd ones have the tag (increments make further
 * numbers, and these values have none). A cache that is short of memory may drop the value at any
 * moment, and refuse one: *eviction* is a deletion that nobody asked for.
 *
 * `getOrSet` is two operations. `lease` has found a value, or one that others are computing, or
 * none: then the function is called. `fulfil` stores what it gave, if nobody has written, deleted
 * or cleared since. So what was computed before a deletion must never be seen after it, and what
 * nothing has happened to is kept: with a lease or, where no other key shares the key's stamp
 * (own-stamps.ts), without. Who is killed in a write may have said no to it and changed nothing.
 */
import type { Interval, Step } from './checker.ts';

export const KINDS = [
  'get',
  'has',
  'touch',
  'set',
  'add',
  'replace',
  'update',
  'setIfVersion',
  'increment',
  'delete',
  'clear',
  'clearSpace',
  'deleteTag',
  'lease',
  'fulfil',
] as const;
export type Kind = (typeof KINDS)[number];

export interface Operation extends Interval {
  readonly key: number;
  readonly kind: Kind;
  /** The call that made it, for messages: several read, each in its own way. */
  readonly call: string;
  readonly writer: number;
  /** Number of the new value; 0: `update` deletes; for `increment` what is added. */
  readonly value: number;
  /** Number of the value that `update` and `setIfVersion` take the place of. */
  readonly old: number;
  /** A value's number, 0 or 1, or for `increment` the sum; REFUSED … Not known if it is pending. */
  readonly result: number;
  /** The time when it began and when it was over, by the clock that values expire by. */
  readonly since: number;
  readonly until: number;
  /** Whether its tag was deleted while it was under way: the value may be born dead. */
  readonly isLate?: boolean;
}

export const NO_VALUE = 0;
export const REFUSED = -1;
/** `old` of an update whose function was not called yet. */
export const NOT_CALLED = -2;
/** Results of `lease`: the function was called; the thread would have waited for itself. */
export const LEASED = -3;
export const BUSY = -4;

/** Who clears goes round more than once, and may take out what others add meanwhile. */
export const isSweep = (kind: Kind): boolean => kind === 'clear';

const READS: readonly Kind[] = ['get', 'has'];

/** Whether it changes nothing, whenever it happens, so that a pending one says nothing. */
export function changesNothing({ kind, isPending, result }: Operation): boolean {
  if (READS.includes(kind)) return true;
  return kind === 'lease' && !isPending && result !== LEASED;
}

/** Marks what had its tag deleted, or its namespace cleared, meanwhile in the history of a key. */
export function markLate(history: readonly Operation[]): Operation[] {
  const deletions = history.filter(({ kind }) => kind === 'deleteTag' || kind === 'clearSpace');
  return history.map((one) => {
    const isInert = changesNothing(one);
    const isLate = deletions.some(
      ({ kind, begin, end }) =>
        begin < one.end && one.begin < end && (kind === 'clearSpace' || isTagged(one)),
    );
    return { ...one, isInert, isLate };
  });
}

function isTagged({ kind, value }: Operation): boolean {
  return kind !== 'increment' && hasTag(value);
}

export function hasTag(value: number): boolean {
  return value % 2 === 1;
}

/** Never short of memory: what was set is there. */
export const stepKept: Step<Operation> = (state, operation) =>
  operation.result === REFUSED ? [] : lateStep(state, operation);

/** What was computed is given to its caller alone. */
function unkept(state: number, { kind, value }: Operation): number[] {
  return kind === 'fulfil' && state === -value ? [NO_VALUE] : [];
}

/** Short of memory. */
export const stepEvicting: Step<Operation> = (state, operation) => {
  const { kind, result, isPending } = operation;
  if (result === REFUSED) return [kind === 'set' ? NO_VALUE : state];
  // For what is refused these say no as well.
  const mayRefuse = kind === 'add' || kind === 'replace' || kind === 'touch';
  if (mayRefuse && !isPending && result === 0) return [state];
  const evicted = state > NO_VALUE ? lateStep(NO_VALUE, operation) : [];
  return [...lateStep(state, operation), ...evicted, ...unkept(state, operation)];
};

function lateStep(state: number, operation: Operation): readonly number[] {
  const next = step(state, operation);
  const isNew = next.some((to) => to > NO_VALUE && to !== state);
  // Who computes is told before the value changes: who was killed between has changed nothing.
  const isTold = operation.isPending && state < NO_VALUE;
  return isNew && (operation.isLate || isTold) ? [...next, NO_VALUE] : next;
}

function step(state: number, operation: Operation): readonly number[] {
  const { value, old, result, isPending } = operation;
  /** `next` if the answer is what it ought to be. */
  const answers = (expected: number, next: number) =>
    isPending || result === expected ? [next] : [];
  const seen = Math.max(state, NO_VALUE);
  const isThere = seen === NO_VALUE ? 0 : 1;
  switch (operation.kind) {
    case 'get':
      return answers(seen, state);
    case 'has':
    case 'touch':
      return answers(isThere, state);
    case 'set':
      return answers(1, value);
    case 'add':
      return answers(1 - isThere, isThere ? state : value);
    case 'replace':
      return answers(isThere, isThere ? value : state);
    case 'update':
      return seen === old ? answers(value, value) : [];
    case 'setIfVersion':
      // It may say no because of a neighbour.
      return [...(isPending || result === 0 ? [state] : []), ...swapped(state, operation)];
    case 'increment':
      return answers(seen + value, seen + value);
    case 'delete':
      return answers(isThere, NO_VALUE);
    case 'clear':
    case 'clearSpace':
      return [NO_VALUE];
    case 'deleteTag':
      return [hasTag(Math.abs(state)) ? NO_VALUE : state];
    case 'lease':
      return leased(state, operation);
    case 'fulfil':
      return [state === -value ? value : state];
  }
}

function swapped(state: number, { old, value, isPending, result }: Operation): number[] {
  return state === old && (isPending || result === 1) ? [value] : [];
}

/** Two compute at once if one of them has no lease, or is dead: at most one of them stores. */
function leased(state: number, { value, isPending, result }: Operation): number[] {
  if (result === BUSY) return [state];
  if (!isPending && result !== LEASED) return Math.abs(state) === result ? [state] : [];
  if (state > NO_VALUE) return [];
  return state === NO_VALUE ? [-value] : [-value, state];
}
