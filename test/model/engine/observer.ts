/**
 * What can be seen of an execution from outside: the place for traces and for race detectors.
 *
 * An observer is told of each event in the order of the execution. An access is told *before* it
 * happens; nothing else happens between an access and the next event, so what it did to memory can
 * be read at the next event. Without an observer nothing of this costs anything.
 */
import type { Site } from './site.ts';
import type { Value } from './wasm-api.ts';

export type EngineEvent =
  /** A load, store or read-modify-write, atomic or plain, or one side of a copy. */
  | { kind: 'access'; thread: number; site: Site; address: number; length: number }
  /** A wait that found its value (`parked`) or another one (`not parked`). */
  | { kind: 'wait'; thread: number; site: Site; address: number; parked: boolean }
  | { kind: 'notify'; thread: number; site: Site; address: number; woken: number[] }
  /** A parked thread goes on: woken, or out of time. */
  | { kind: 'resume'; thread: number; timedOut: boolean }
  | { kind: 'kill'; thread: number }
  /** A recovery thread begins. */
  | { kind: 'recover'; thread: number; victim: number }
  | { kind: 'call'; thread: number; name: string; args: Value[] }
  | { kind: 'return'; thread: number; name: string; result: Value | undefined }
  | { kind: 'finish'; thread: number };

export interface Observer {
  /** Called before each execution. */
  begin?(): void;
  observe(event: EngineEvent): void;
}
