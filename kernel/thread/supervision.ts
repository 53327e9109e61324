/**
 * Supervision: which thread notices deaths in this zone. The kernel keeps the name; what a
 * supervisor does is JavaScript's affair (src/threads/supervision.ts).
 *
 * supervisor cell (64 bits: term:32 · owner:32); owner 0 = nobody
 *   (n, gone) → (n + 1, owner)  succeedSupervisor, by compare-and-swap: by a thread that knows that
 *                               `gone` has ended or does not answer
 * Terms only rise, so a successor is never taken for the one before, should an owner come again.
 * The cell means nothing to the kernel: whoever dies in between has changed it or has not.
 */
import { THREADS_STATE } from '../base/layout';
import { casCell, loadCell, storeCell } from '../base/words';
import { ThreadsState } from './slot';

function supervisorAt(): usize {
  return THREADS_STATE + offsetof<ThreadsState>('supervisor');
}

/** Owner number of the thread that notices deaths here, or 0. */
export function supervisor(): u32 {
  return u32(loadCell(supervisorAt()));
}

/** How often one has taken the place of another, the first of nobody. */
export function supervisorTerm(): u32 {
  return u32(loadCell(supervisorAt()) >> 32);
}

/**
 * Puts `owner` in the place of `gone`, unless that has been done.
 *
 * @returns who supervises the zone now
 * Progress: a failed compare-and-swap means that another thread has named somebody.
 */
export function succeed(gone: u32, owner: u32): u32 {
  const seen = loadCell(supervisorAt());
  if (u32(seen) != gone) return u32(seen);
  const next = (((seen >> 32) + 1) << 32) | u64(owner);
  const found = casCell(supervisorAt(), seen, next);
  return found == seen ? owner : u32(found);
}

/** Of a loaded image, whose threads are gone. */
export function forgetSupervisor(): void {
  storeCell(supervisorAt(), 0);
}
