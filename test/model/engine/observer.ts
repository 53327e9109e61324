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
  /** The call of a thread is cut short; the thread lives on. */
  | { kind: 'unwind'; thread: number }
  /** A recovery thread begins. */
  | { kind: 'recover'; thread: number; victim: number }
  | { kind: 'call'; thread: number; name: string; args: Value[] }
  | { kind: 'return'; thread: number; name: string; result: Value | undefined }
  | { kind: 'finish'; thread: number };

/** What an observer may look at. */
export interface MachineView {
  words: Uint32Array;
  sites: readonly Site[];
  /** By index of thread, recovery threads included. */
  threadNames: readonly string[];
  nameOf: (address: number) => string;
}

export interface Observer {
  /** Called once, after the setup and before the first execution. */
  open?(view: MachineView): void;
  /** Called before each execution. */
  begin?(): void;
  /** Told of accesses, of which there are a hundred for each other event: without an object. */
  access?: OnAccess;
  /** Told of all other events; of accesses as well, if there is no `access`. */
  observe(event: EngineEvent): void;
  /**
   * Calls `visit` with the index of each 32-bit word on which the verdict about an access depends,
   * besides those that are accessed: for a search that leaves out what makes no difference.
   */
  guards?: (site: Site, address: number, length: number, visit: (word: number) => void) => void;
}

export type AccessEvent = Extract<EngineEvent, { kind: 'access' }>;

export type OnAccess = (thread: number, site: Site, address: number, length: number) => void;

/**
 * What tells an observer of accesses: looked up once, because one look for each, in objects of many
 * kinds, takes longer than some observers do.
 */
export function accessOf(observer: Observer): OnAccess {
  if (observer.access === undefined) {
    return (thread, site, address, length) =>
      observer.observe({ kind: 'access', thread, site, address, length });
  }
  return (thread, site, address, length) => observer.access!(thread, site, address, length);
}

/** Several observers as one, told in order. */
export function allOf(...observers: Observer[]): Observer {
  const accesses = observers.map(accessOf);
  return {
    open: (view) => {
      for (const observer of observers) observer.open?.(view);
    },
    begin: () => {
      for (const observer of observers) observer.begin?.();
    },
    access: (thread, site, address, length) => {
      for (const tell of accesses) tell(thread, site, address, length);
    },
    observe: (event) => {
      for (const observer of observers) observer.observe(event);
    },
    guards: (site, address, length, visit) => {
      for (const observer of observers) observer.guards?.(site, address, length, visit);
    },
  };
}
