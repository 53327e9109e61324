/**
 * What one key of a cache does, one operation after the other: the object that histories are
 * compared with.
 *
 * A state is the number of the value, 0 if there is none. Every value has a number of its own; odd
 * ones have the tag (increments make further numbers, and these values have none). A cache that is
 * short of memory may drop the value at any moment, and refuse one: *eviction* is a deletion that
 * nobody asked for.
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
  'deleteTag',
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
  /** A value's number, 0 or 1, or for `increment` the sum; REFUSED. Not known if it is pending. */
  readonly result: number;
  /** Whether its tag was deleted while it was under way: the value may be born dead. */
  readonly isLate?: boolean;
}

export const NO_VALUE = 0;
export const REFUSED = -1;
/** `old` of an update whose function was not called yet. */
export const NOT_CALLED = -2;

/** Who clears goes round more than once, and may take out what others add meanwhile. */
export const isSweep = (kind: Kind): boolean => kind === 'clear';

const READS: readonly Kind[] = ['get', 'has', 'touch'];

export function changesNothing({ kind }: Operation): boolean {
  return READS.includes(kind);
}

/** Marks what had its tag deleted meanwhile, in the history of a key. */
export function markLate(history: readonly Operation[]): Operation[] {
  const deletions = history.filter(({ kind }) => kind === 'deleteTag');
  return history.map((one) => {
    const isTagged = one.kind !== 'increment' && hasTag(one.value);
    const isLate =
      isTagged && deletions.some(({ begin, end }) => begin < one.end && one.begin < end);
    return isLate ? { ...one, isLate } : one;
  });
}

export function hasTag(value: number): boolean {
  return value % 2 === 1;
}

/** Never short of memory: what was set is there. */
export const stepKept: Step<Operation> = (state, operation) =>
  operation.result === REFUSED ? [] : lateStep(state, operation);

/** Short of memory. */
export const stepEvicting: Step<Operation> = (state, operation) => {
  const { kind, result, isPending } = operation;
  if (result === REFUSED) return [kind === 'set' ? NO_VALUE : state];
  // For what is refused these say no as well.
  const mayRefuse = kind === 'add' || kind === 'replace' || kind === 'touch';
  if (mayRefuse && !isPending && result === 0) return [state];
  const evicted = state === NO_VALUE ? [] : lateStep(NO_VALUE, operation);
  return [...lateStep(state, operation), ...evicted];
};

function lateStep(state: number, operation: Operation): readonly number[] {
  const next = step(state, operation);
  const isBorn = operation.isLate && next.includes(operation.value);
  return isBorn ? [...next, NO_VALUE] : next;
}

function step(state: number, operation: Operation): readonly number[] {
  const { value, old, result, isPending } = operation;
  /** `next` if the answer is what it ought to be. */
  const answers = (expected: number, next: number) =>
    isPending || result === expected ? [next] : [];
  const isThere = state === NO_VALUE ? 0 : 1;
  switch (operation.kind) {
    case 'get':
      return answers(state, state);
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
      return state === old ? answers(value, value) : [];
    case 'setIfVersion':
      // It may say no because of a neighbour.
      return [...(isPending || result === 0 ? [state] : []), ...swapped(state, operation)];
    case 'increment':
      return answers(state + value, state + value);
    case 'delete':
      return answers(isThere, NO_VALUE);
    case 'clear':
      return [NO_VALUE];
    case 'deleteTag':
      return [hasTag(state) ? NO_VALUE : state];
  }
}

function swapped(state: number, { old, value, isPending, result }: Operation): number[] {
  return state === old && (isPending || result === 1) ? [value] : [];
}
