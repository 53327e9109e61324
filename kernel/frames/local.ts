/**
 * What a thread has of its own in frames: where it works, and how much it has in stock.
 *
 * It stands in the thread's slot, from byte 192 on. Plain memory of the owner; `place…` and the
 * intent are read by a survivor after its death, the stocks' words also by anybody who wants a
 * figure and by whoever has halted the world and empties the stocks.
 *
 *   place   child + 1 where the thread last found pages of a class, 0 = nowhere yet. If its tree
 *           names the thread, it is reserved for it (tree.ts)
 *   stock   a word for each order 0 … 3 and class unmovable, movable: see stock.ts
 *   intent  the part of a block that is being freed, and its subtype: see memdesc/pages.ts
 */
import { selfSlot } from '../base/env';
import { Order, Pfn, SLOT_FRAMES, Slot } from '../base/layout';
import { peekWord, pokeWord } from '../base/words';
import { slotAt } from '../thread/slot';

@unmanaged
export class FramesOwn {
  placeUnmovable: u32;
  placeMovable: u32;
  placeHuge: u32;
  intentPfn: u32;
  intentOrder: u32;
  intentSubtype: u32;
  stock0: u32;
  stock1: u32;
  stock2: u32;
  stock3: u32;
  stock4: u32;
  stock5: u32;
  stock6: u32;
  stock7: u32;
}

export function framesOwn(slot: Slot): FramesOwn {
  return changetype<FramesOwn>(slotAt(slot) + SLOT_FRAMES);
}

function reservationAt(frameClass: u32): usize {
  return changetype<usize>(framesOwn(selfSlot())) + frameClass * 4;
}

/** Child in which this thread last found pages of a class, or −1. */
export function reservationOf(frameClass: u32): i32 {
  return i32(peekWord(reservationAt(frameClass))) - 1;
}

export function setReservation(frameClass: u32, child: u32): void {
  pokeWord(reservationAt(frameClass), child + 1);
}

/** Says which part of a block is about to be freed. A page number of 0 is no intent. */
export function setIntent(pfn: Pfn, order: Order, subtype: u32): void {
  const own = framesOwn(selfSlot());
  own.intentOrder = order;
  own.intentSubtype = subtype;
  own.intentPfn = pfn;
}

export function clearIntent(slot: Slot): void {
  framesOwn(slot).intentPfn = 0;
}

/** Forgets where a thread worked, that leaves or is dead. */
export function clearReservations(slot: Slot): void {
  const own = framesOwn(slot);
  own.placeUnmovable = 0;
  own.placeMovable = 0;
  own.placeHuge = 0;
}
