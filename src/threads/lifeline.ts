/**
 * Lifelines: what threads and their supervisor say to each other. Types only.
 *
 * A lifeline is a channel of which the thread holds one end and the supervisor the other; an end
 * closes when its thread ends, whatever ended it. The end is introduced by a message of its own,
 * and the rest goes through it: so no memory ever passes through the main thread, by which Node
 * sends messages from thread to thread, and none stays behind in its heap.
 *
 *   thread → supervisor   Lifeline    first, once
 *                         'left'      the slot was given back: what closes now is no death
 *                         'seen'      the answer to 'look'
 *   supervisor → thread   'look'      somebody has waited long: look whether a call was cut short
 */
import type { MessagePort } from 'node:worker_threads';

/** How an end of a lifeline comes to its supervisor. */
export interface Introduction {
  pageless: 'lifeline';
  port: MessagePort;
}

/** The question whether a thread lives. It needs no answer: see `proofs.ts`. */
export interface Probe {
  pageless: 'probe';
  port: MessagePort;
}

/** The first message on a lifeline. */
export interface Lifeline {
  zone: string;
  memory: WebAssembly.Memory;
  /** The kernel, compiled: the supervisor need not be of the same version. */
  module: WebAssembly.Module;
  /** The thread, as the kernel knows it. */
  owner: number;
  /** The supervisor whose end this thread has seen, or 0: who else is gone with it? */
  gone: number;
}
