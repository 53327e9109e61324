/**
 * What the last reference leads to.
 *
 * Floors that drop a reference do not know what the descriptor is: they say that it was the last,
 * and the type is looked at here. What dead threads' ledgers lead to is recover-pins.ts.
 */
import { loadWord } from '../base/words';
import { freeFolio } from '../folio/folio';
import { lockOwner, unlockDesc } from '../memdesc/desc-lock';
import { flagsAt, typeOf } from '../memdesc/header';
import { unpin, unpinFast } from '../memdesc/pin';
import { anyPinned, strikeNote } from '../memdesc/pin-ledger';
import { TYPE_ZSPAGE } from '../memdesc/type';
import { deferZspage } from '../zsmalloc/active';

/**
 * Frees a descriptor that this thread took the last reference of; it is noted in its ledger. Never
 * a slab: its cache keeps its own reference (slab/retire.ts).
 */
export function releaseDesc(desc: u32): void {
  switch (typeOf(desc)) {
    case TYPE_ZSPAGE:
      deferZspage(desc);
      strikeNote(desc);
      break;
    default:
      freeFolio(desc);
  }
}

/** Drops a pin of this thread. @inline */
export function dropPin(desc: u32): void {
  if (!unpinFast(desc)) dropSlow(desc);
}

function dropSlow(desc: u32): void {
  if (unpin(desc)) releaseDesc(desc);
}

/** Before a thread leaves: drops its pins, and the locks with them. */
export function dropPins(slot: u32): void {
  for (let desc = anyPinned(); desc != 0; desc = anyPinned()) {
    if (lockOwner(loadWord(flagsAt(desc))) == slot) unlockDesc(desc);
    dropPin(desc);
  }
}
