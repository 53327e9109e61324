/**
 * What a call of this thread has left that was cut short (kernel/zone/unwound.ts), repaired when
 * nothing of it is on the stack. Part of the supervisor's program.
 */
import { ERR_BUSY, GAVE_UP } from '../generated/facts.ts';
import { later } from './timer.ts';

/** The kernel's exports, guarded or not. */
export interface Repairable {
  repairSelf(isTurnOver: number): number;
  wasRefused(): number;
}

const RETRY_MS = 10;

/** Repairs it, now or as soon as others are not in the way, and then calls `done`. */
export function lookAtSelf(kernel: Repairable, done: () => void = () => {}): void {
  if (tryRepair(kernel, 1)) done();
  else later(() => lookAtSelf(kernel, done), RETRY_MS, true);
}

/** @returns false when others are in the way. A poisoned zone says so to the next call */
export function tryRepair(kernel: Repairable, isTurnOver: number): boolean {
  try {
    return kernel.repairSelf(isTurnOver) !== ERR_BUSY;
  } catch (error) {
    // Guarded it says so itself; by its code, as the supervisor knows no class of it.
    const isBusy = (error as { code?: unknown }).code === 'ERR_PAGELESS_BUSY';
    return !isBusy && kernel.wasRefused() !== GAVE_UP;
  }
}
