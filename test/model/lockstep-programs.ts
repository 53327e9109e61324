/**
 * What the lockstep test runs, in a form that virtual threads and real workers both can drive.
 *
 * A body is a generator: it yields a call of its thread and is given the result. The setup is a
 * list of calls, made one after the other before anything is scheduled.
 */
import type { Value } from './engine/wasm-api.ts';

export type Call = [name: string, ...args: Value[]];
export type CallBody = () => Generator<Call, unknown, number>;

export interface LockstepProgram {
  /** Made by an instance that belongs to no thread. */
  prepare: readonly Call[];
  /** Made by each thread's instance, thread 0 first. */
  attach: (thread: number) => readonly Call[];
  body: CallBody;
}

const LOCK = 128;
const COUNTER = 192;

export const lockstepPrograms = {
  /** On the release kernel: two threads take a page each and give it back. */
  pages: {
    prepare: [
      ['format', 1, 2, 3, 4],
      ['attach', 100, 1],
    ],
    attach: (thread) => [['attach', thread + 1, 1]],
    *body() {
      const pfn = yield ['allocPages', 0];
      return yield ['freePages', pfn, 0];
    },
  },
  /** On the engine's own programs: two threads count under a lock and park where it is taken. */
  locks: {
    prepare: [],
    attach: () => [],
    *body() {
      yield ['addLocked', LOCK, 1, COUNTER];
      yield ['addLocked', LOCK, 2, COUNTER];
      return 0;
    },
  },
} satisfies Record<string, LockstepProgram>;

export type LockstepName = keyof typeof lockstepPrograms;
