/** Making another zone of one that nobody uses any more (kernel/zone/recycle.ts). */
import type { KernelExports } from '../border/kernel.ts';
import * as facts from '../generated/facts.ts';
import { pause } from './pause.ts';
import { isAttached, mayPark } from './registry.ts';

type Recyclable = Pick<KernelExports, 'liveOwner' | 'liveThreads' | 'recycle' | 'supervisorOwner'>;

/**
 * How long to wait for the supervisor, which leaves a zone when it hears that the last thread has:
 * a millisecond, unless the machine has no time for it.
 */
const SUPERVISOR_LEAVES_MS = 500;

/**
 * Makes a zone that nobody uses anew; waits for a supervisor that is about to leave it.
 *
 * Whether it is looked for before each attempt: one that leaves after that look makes the attempt
 * succeed, or the next.
 */
export function recycle(kernel: Recyclable): number {
  for (let waited = 0; ; waited++) {
    const isSoon = isSupervisorAlone(kernel) && mayPark() && waited < SUPERVISOR_LEAVES_MS;
    const failure = kernel.recycle(...randomWords());
    if (failure !== facts.ERR_BUSY || !isSoon) return failure;
    pause(1);
  }
}

function isSupervisorAlone(kernel: Recyclable): boolean {
  const threads = kernel.liveThreads();
  return threads === 0 || (threads === 1 && isAttached(kernel, kernel.supervisorOwner() >>> 0));
}

/** The identity of a zone and the seed of its hash. */
export function randomWords(): [number, number, number, number] {
  const [idLo = 0, idHi = 0, seedLo = 0, seedHi = 0] = crypto.getRandomValues(new Int32Array(4));
  return [idLo, idHi, seedLo, seedHi];
}
