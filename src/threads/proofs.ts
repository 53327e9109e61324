/**
 * Proofs of death, for threads that nobody has a lifeline of: they died when nobody watched. Part
 * of the supervisor's program as well.
 *
 * A thread is asked by a message that carries one end of a channel. Node takes it to the main
 * thread, which takes it to the thread asked.
 *   the channel closes   the main thread took it to a thread that has ended, with its creator
 *   MESSAGING_FAILED     the main thread knows of no such thread any more. A living one that
 *                        listens is never answered for so; every thread listens before it takes a
 *                        slot
 *   anything else        it lives, or does not say: no proof
 * Nothing here depends on how long an answer takes; only on when one stops waiting for it.
 */
import type { MessagePort } from 'node:worker_threads';
import * as facts from '../generated/facts.ts';
import { type BurialKernel, type BurialPlace, buryThread } from './burial.ts';
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

/** A zone in which the dead are looked for. */
export interface SearchPlace extends BurialPlace {
  kernel: BurialKernel & { liveOwner(slot: number): number };
}

/** For how long a thread may leave a probe unanswered. */
const PROBE_MS = 1000;

/** Buries whoever has a slot and has ended. `isKnown` says of whom it is known that he lives. */
export function lookForDead(
  threads: Messaging,
  place: SearchPlace,
  isKnown: (owner: number) => boolean,
): void {
  const owners = new Set<number>();
  for (let slot = 1; slot <= facts.MAX_SLOT; slot++) owners.add(place.kernel.liveOwner(slot) >>> 0);
  owners.delete(0);
  for (const owner of owners) {
    if (isKnown(owner)) continue;
    isProvenDead(threads, owner).then((isDead) => {
      if (isDead && place.hasSlot) buryThread(place, owner);
    });
  }
}

/** Whether it is certain that a thread has ended. Never so of the main thread. */
async function isProvenDead(threads: Messaging, owner: number): Promise<boolean> {
  const thread = owner - 1;
  if (thread === 0 || !threads.postMessageToThread) return false;
  const { port1, port2 } = new threads.MessageChannel();
  const closed = new Promise<boolean>((resolve) => {
    port1.once('close', () => resolve(true));
  });
  port1.unref();
  const probe: Probe = { pageless: 'probe', port: port2 };
  const answered = threads.postMessageToThread(thread, probe, [port2], PROBE_MS).then(
    () => false,
    (error) => isUnknownThread(error),
  );
  const isDead = await Promise.race([closed, answered]);
  port1.close();
  return isDead;
}

/**
 * Whether an error of `postMessageToThread` says that there is no such thread, or that it is deaf.
 */
export function isUnknownThread(error: unknown): boolean {
  return (error as { code?: string })?.code === 'ERR_WORKER_MESSAGING_FAILED';
}
