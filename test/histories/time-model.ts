/**
 * The same key with values that expire, by a clock that goes in large steps.
 *
 * A state is a value's number and its *deadline*, 0 if it lives for ever. Each call looks at the
 * clock at some moment of its own. So it sees a value if it began before the deadline, and may not
 * see it if it was over after; if both, either. Who does not see it may have taken it out, or not:
 * then one who has looked at the clock earlier sees it still.
 */
import type { Step } from './checker.ts';
import { NO_VALUE, type Operation } from './key-model.ts';

/** How long timed values live, in steps of the clock. */
export const TTL = 3;
/** Numbers of values are smaller. */
const DEADLINE = 2 ** 31;

/** A model of values, with deadlines. @param isTimed  whether a value that is stored expires */
export function withTime(
  step: Step<Operation>,
  isTimed: (value: number) => boolean,
): Step<Operation> {
  return (state, operation) => {
    const deadline = state > NO_VALUE ? Math.floor(state / DEADLINE) : 0;
    const value = state - deadline * DEADLINE;
    const isSeen = deadline === 0 || operation.since < deadline;
    const isMissed = deadline !== 0 && operation.until >= deadline;
    const ends = (to: number): number[] =>
      deadlinesOf({ value, deadline, to, isTimed: isTimed(to) }, operation);
    const next = isSeen
      ? step(value, operation).flatMap((to) => ends(to).map((end) => to + end * DEADLINE))
      : [];
    if (!isMissed) return next;
    for (const to of step(NO_VALUE, operation)) {
      const isNew = to > NO_VALUE;
      const fresh = isNew && isTimed(to) ? renewed(operation) : [0];
      next.push(...fresh.map((end) => to + end * DEADLINE));
      if (!isNew) next.push(state);
    }
    return next;
  };
}

interface Change {
  value: number;
  deadline: number;
  to: number;
  isTimed: boolean;
}

/** Those that what is there after an operation may have: `update` and `increment` keep it. */
function deadlinesOf({ value, deadline, to, isTimed }: Change, operation: Operation): number[] {
  const { kind } = operation;
  if (to <= NO_VALUE) return [0];
  if (to === value) return kind === 'touch' && deadline !== 0 ? renewed(operation) : [deadline];
  const isKept = kind === 'update' || kind === 'increment';
  if (isKept) return [value > NO_VALUE ? deadline : 0];
  return isTimed ? renewed(operation) : [0];
}

/** One of them, as it was when the operation looked at the clock. */
function renewed({ since, until }: Operation): number[] {
  return Array.from({ length: until - since + 1 }, (_, i) => since + i + TTL);
}
