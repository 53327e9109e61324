/** Taking a slot in a zone. Part of the supervisor's program. */
import { ERR_NO_MEMORY, ERR_NOT_A_ZONE } from '../generated/facts.ts';
import { pause } from './pause.ts';
import { zoneIdOf } from './zone-id.ts';

export interface SlotKernel {
  attach(owner: number, mayPark: number): number;
  hasStore(): number;
  zoneIdLo(): number;
  zoneIdHi(): number;
}

/** For so long it is tried again, a millisecond apart: as a set waits for room. */
const SLOT_WAIT_MS = 1000;

/**
 * Tries again while somebody tries in vain to make the memory another zone (recycle.ts), for this
 * one is none then; and while more threads come at once to a full cache than it keeps pages for.
 *
 * @param id  of the zone that is meant
 * @returns the slot, or what `attach` says
 */
export function takeSlot(
  kernel: SlotKernel,
  owner: number,
  mayPark: boolean,
  id: string | undefined,
): number {
  for (let waited = 0; ; waited++) {
    const slot = kernel.attach(owner, mayPark ? 1 : 0);
    const isFull = slot === ERR_NO_MEMORY && mayPark && kernel.hasStore() !== 0;
    if (!isFull && slot !== ERR_NOT_A_ZONE) return slot;
    if (id !== zoneIdOf(kernel) || waited === SLOT_WAIT_MS) return slot;
    if (mayPark) pause(1);
  }
}
