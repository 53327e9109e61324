/**
 * Burial: what a witness does with a proven death. Shared by every thread and by the supervisor's
 * program, so it imports next to nothing.
 *
 * Witnesses are many and come in any order: an exit event here, a channel that closed there. So
 * each marks and each recovers: both are done once however often they are asked for, and a witness
 * that dies between the two is no loss.
 */
import { later } from '../border/timer.ts';

/** What a burial needs of the kernel. */
export interface BurialKernel {
  fault(): number;
  isAttached(): number;
  /** Why the last call ended in a trap; 0: not because it waited, or was refused. */
  wasRefused(): number;
  repairSelf(isTurnOver: number): number;
  /** Marks the slots of an owner dead. @returns how many */
  markDead(owner: number): number;
  /** Repairs and gives back what the dead left. @returns how many, or below 0: to be tried again */
  recoverDead(): number;
}

/** A zone, as who buries in it has it. */
export interface BurialPlace {
  kernel: BurialKernel;
  /** Whether this thread has a slot there: without one it marks, and others give back. */
  hasSlot: boolean;
}

const RETRY_MS = 1;

/**
 * Marks a thread dead and gives back what it owned. Its death must be certain; twice is once.
 * Called from event handlers: a zone that is poisoned meanwhile, or so damaged that this thread has
 * lost its slot, is no exception here.
 */
export function buryThread(place: BurialPlace, owner: number): void {
  place.kernel.markDead(owner);
  recover(place);
}

/**
 * While another thread is inside that does not come out, this one goes on with its events: the
 * other may be dead as well, and that news be among them.
 */
function recover(place: BurialPlace): void {
  if (!place.hasSlot || place.kernel.fault() !== 0 || tryToRecover(place.kernel)) return;
  later(() => recover(place), RETRY_MS, false);
}

/** @returns false when others are in the way */
export function tryToRecover(kernel: BurialKernel): boolean {
  try {
    return kernel.recoverDead() >= 0;
  } catch (error) {
    // A `BusyError`: this thread may not wait for the others.
    if ((error as { code?: string }).code === 'ERR_PAGELESS_BUSY') return false;
    if (kernel.fault() !== 0 || kernel.isAttached() === 0) return true;
    if (kernel.wasRefused() === 0) throw error;
    // The supervisor's kernel, which is not guarded: a wait of its own was forsaken.
    kernel.repairSelf(1);
    return false;
  }
}
