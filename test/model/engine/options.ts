/** What a machine is made from, and the functions that a scenario consists of. */
import type { Machine } from './machine.ts';
import type { Site } from './site.ts';
import type { Thread } from './virtual-thread.ts';
import type { CompiledModule, Imports } from './wasm-api.ts';

/** What a thread does; what it returns is found in `machine.results`. */
export type Body = (thread: Thread, machine: Machine) => Promise<unknown>;

/** What is done about the death of `victim`, on a thread of its own. */
export type RecoverBody = (thread: Thread, victim: number, machine: Machine) => Promise<unknown>;

export interface MachineOptions {
  compiled: CompiledModule;
  /** For the main instance; see `quietBytes`. */
  compiledQuiet: CompiledModule;
  sites: readonly Site[];
  globalCount: number;
  pages64k: number;
  bodies: readonly { name: string; run: Body }[];
  recover: RecoverBody | undefined;
  kills: number;
  /** Whether a kill only cuts a call short: the body catches UNWOUND, and goes on. */
  unwinds: boolean;
  everyDeath: boolean;
  /** Indices of threads that may be killed; undefined means all, recovery threads included. */
  killable: readonly number[] | undefined;
  stepLimit: number;
  /** 0 for none; see spin-watch.ts. */
  spinLimit: number;
  isTimeoutLegal: (thread: Thread, address: number, machine: Machine) => boolean;
  nameOf: (address: number) => string;
  /** Imports besides the memory, for the thread of this index (-1 for the main instance). */
  imports: (thread: number) => Imports;
}
