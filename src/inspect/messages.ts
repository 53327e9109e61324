/**
 * What the thread that called `inspect` and the inspector's own thread say to each other.
 */
import type { Head } from './figures.ts';

/** How the inspector's thread begins. */
export interface ThreadData {
  head: Head;
  token: string;
  /** False: no page is served. */
  port: number | false;
  record: string | undefined;
  /** The frames of a recording, which are shown instead of zones. */
  frames?: Uint8Array;
}

export type ToThread =
  | { kind: 'add'; zone: number; memory: WebAssembly.Memory; title: string }
  | { kind: 'drop'; zone: number; why: string }
  | { kind: 'keys'; id: number; keys: string[] }
  | { kind: 'close' };

export type FromThread =
  | { kind: 'ready'; port: number | undefined }
  | { kind: 'failed'; what: 'port' | 'record'; why: string }
  | { kind: 'keys'; id: number; zone: number; find: string };
