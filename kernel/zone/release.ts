/**
 * What the last reference leads to.
 *
 * Roles: the *dropper* gives a reference back, and does not know what the descriptor is; if it was
 * the last, it becomes the *freer*, and looks at the type here. For example a folio without owner,
 * which thread 5 has pinned:
 *   dropper 5  puts its pin: the last       refs 1 → FROZEN|5|0; its ledger entry becomes a note
 *   freer 5    a folio                      pages back to frames, the descriptor to its cache
 *   freer 5    refs 0, the note struck      the descriptor is nobody's
 * A zspage goes into limbo instead, because readers may still look at it. Had 5 died before the
 * end, its note would lead a survivor here: recover-pins.ts.
 */
import { selfSlot } from '../base/env';
import { Desc, Slot } from '../base/layout';
import { loadWord } from '../base/words';
import { freeFolio } from '../folio/folio';
import { lockOwner, unlockDesc } from '../memdesc/desc-lock';
import { flagsAt, takeForFree, typeOf } from '../memdesc/header';
import { unpin, unpinFast } from '../memdesc/pin';
import { anyPinned, note, strikeNote } from '../memdesc/pin-ledger';
import { TYPE_ZSPAGE } from '../memdesc/type';
import { endDefer } from '../thread/limbo';
import { beginDeferZspage } from '../zsmalloc/active';

/**
 * Frees a descriptor that this thread took the last reference of; it is noted in its ledger. Never
 * a slab: its cache keeps its own reference (slab/retire.ts).
 */
export function releaseDesc(desc: Desc): void {
  switch (typeOf(desc)) {
    case TYPE_ZSPAGE:
      beginDeferZspage(desc);
      strikeNote(desc);
      endDefer();
      break;
    default:
      freeFolio(desc);
  }
}

/** Makes what nothing keeps any more this thread's to free: noted first, so that it is found. */
export function takeOver(desc: Desc): void {
  note(desc);
  takeForFree(desc, selfSlot());
}

/** Drops a pin of this thread. @inline */
export function dropPin(desc: Desc): void {
  if (!unpinFast(desc)) dropSlow(desc);
}

function dropSlow(desc: Desc): void {
  if (unpin(desc)) releaseDesc(desc);
}

/** Before a thread leaves: drops its pins, and the locks with them. */
export function dropPins(slot: Slot): void {
  for (let desc = anyPinned(); desc != 0; desc = anyPinned()) {
    if (lockOwner(loadWord(flagsAt(desc))) == slot) unlockDesc(desc);
    dropPin(desc);
  }
}
