/**
 * Proofs of death, for a thread that nobody has a lifeline of. Imported by the supervisor's program
 * as well, so it imports nothing.
 *
 * A thread is asked by a message that carries one end of a channel. Node takes it to the main
 * thread, which takes it to the thread asked.
 *   the channel closes   the main thread took it to a thread that has ended, with its creator
 *   MESSAGING_FAILED     the main thread knows of no such thread any more. A living one that listens
 *                        is never answered for so; every thread listens before it takes a slot
 *   anything else        it lives, or does not say: no proof
 * Nothing here depends on how long an answer takes; only on when one stops waiting for it.
 */
import type { MessagePort } from 'node:worker_threads';
import type { Probe } from './lifeline.ts';

/** What is needed of node:worker_threads. */
export interface Messaging {
  MessageChannel: new () => { port1: MessagePort; port2: MessagePort };
  postMessageToThread?(
    thread: number,
    value: unknown,
    transfer: MessagePort[],
    timeoutMs: number,
  ): Promise<void>;
}

const PATIENCE_MS = 1000;

/** Whether it is certain that a thread has ended. Never so of the main thread. */
export async function isProvenDead(threads: Messaging, owner: number): Promise<boolean> {
  const thread = owner - 1;
  if (thread === 0 || !threads.postMessageToThread) return false;
  const { port1, port2 } = new threads.MessageChannel();
  const closed = new Promise<boolean>((resolve) => {
    port1.once('close', () => resolve(true));
  });
  port1.unref();
  const probe: Probe = { pageless: 'probe', port: port2 };
  const answered = threads.postMessageToThread(thread, probe, [port2], PATIENCE_MS).then(
    () => false,
    (error) => isUnknownThread(error),
  );
  const isDead = await Promise.race([closed, answered]);
  port1.close();
  return isDead;
}

/** Whether an error of `postMessageToThread` says that there is no such thread, or that it is deaf. */
export function isUnknownThread(error: unknown): boolean {
  return (error as { code?: string })?.code === 'ERR_WORKER_MESSAGING_FAILED';
}
