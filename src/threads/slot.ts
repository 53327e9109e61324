/** Taking a slot in a zone. Part of the supervisor's program. */
import { ERR_NOT_A_ZONE } from '../generated/facts.ts';
import { pause } from './pause.ts';
import { zoneIdOf } from './zone-id.ts';

export interface SlotKernel {
  attach(owner: number, mayPark: number): number;
  zoneIdLo(): number;
  zoneIdHi(): number;
}

/** Attempts, a millisecond apart. */
const TRIES = 20;

/**
 * While somebody tries in vain to make the memory another zone (recycle.ts), this one is none for a
 * moment: then it is tried again.
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
  for (let tries = 0; ; tries++) {
    const slot = kernel.attach(owner, mayPark ? 1 : 0);
    if (slot !== ERR_NOT_A_ZONE || id !== zoneIdOf(kernel) || tries === TRIES) return slot;
    if (mayPark) pause(1);
  }
}
