/** Whether all that was seen of a run's keys can be explained, one key after the other. */
import { findViolation, type Violation } from './checker.ts';
import { isCounter, isTimedValue } from './history-values.ts';
import {
  changesNothing,
  markLate,
  NO_VALUE,
  type Operation,
  stepEvicting,
  stepKept,
} from './key-model.ts';
import { KEYS } from './log.ts';
import { withTime } from './time-model.ts';

/** What a cache was made for, as far as its keys do something else. */
export interface Rules {
  readonly isEvicting: boolean;
  readonly isTimed: boolean;
}

export interface Verdict {
  violation: Violation<Operation> | undefined;
  /** What the threads did to the violated key before, the last last. */
  before: Operation[];
}

export const ALL: readonly number[] = Array.from({ length: KEYS }, (_, key) => key);
/** Operations that are told of beside the violation. */
const TOLD = 20;

/** What nobody saw, of a thread that was killed, says nothing. */
export const isTelling = (operation: Operation): boolean =>
  !(operation.isPending && changesNothing(operation));

/** @param keys  of which all operations are there */
export function judge(
  operations: readonly Operation[],
  rules: Rules,
  keys: readonly number[] = ALL,
): Verdict {
  const step = rules.isEvicting ? stepEvicting : stepKept;
  for (const key of keys) {
    const own = operations.filter((operation) => operation.key === key && isTelling(operation));
    const history = markLate(own);
    const isTimed = isCounter(key) ? () => false : isTimedValue;
    const stepOf = rules.isTimed ? withTime(step, isTimed) : step;
    const violation = findViolation(history, NO_VALUE, stepOf);
    if (violation === undefined) continue;
    const { end } = violation.operation;
    const before = history.filter(({ begin }) => begin < end).sort((a, b) => a.end - b.end);
    return { violation, before: before.slice(-TOLD) };
  }
  return { violation: undefined, before: [] };
}
