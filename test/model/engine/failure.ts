/** What an execution can end with, other than well. */

export type FailureKind =
  /** Threads are left, none can run, and no wait has a time-out. */
  | 'deadlock'
  /** The execution made more steps than the limit. */
  | 'livelock'
  /** A wait ran out of time although the scenario says that somebody should have woken it. */
  | 'missed wake-up'
  /** WebAssembly trapped: bounds, alignment, unreachable, division. */
  | 'trap'
  /** A thread's body threw. */
  | 'assertion'
  /** An observer objected, for instance a race detector. */
  | 'violation'
  /** The scenario's check threw after all threads had come to rest. */
  | 'check';

export interface Failure {
  kind: FailureKind;
  message: string;
  /** Index of the thread that failed, if it was one. */
  thread?: number;
  /** Replays the execution: `explore({ …, mode: 'replay', schedule })`. */
  schedule: string;
  /** One line per event, for people. */
  trace: string;
}

/** Thrown by an observer to make the execution fail. */
export class Violation extends Error {}

/** What went wrong, before schedule and trace are added. */
export type Finding = Omit<Failure, 'schedule' | 'trace'>;

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function findingOf(error: unknown, thread: number): Finding {
  const isTrap = error instanceof Error && error.constructor.name === 'RuntimeError';
  const kind = error instanceof Violation ? 'violation' : isTrap ? 'trap' : 'assertion';
  return { kind, message: messageOf(error), thread };
}
