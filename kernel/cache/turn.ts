/**
 * The turn: what a thread takes that wants to change a value by what it was (`update`) and has lost
 * again and again to quicker ones. Others who want to change the same key so wait until it is given
 * back. There is one in a cache.
 *
 * It is a courtesy and protects nothing: what is stored is stored on a version (condition.ts),
 * whoever has the turn. So it may be taken away from who keeps it for long, and who may not stand
 * still, or merely sets, does not heed it. Who has it waits for nobody's, so nobody waits in a
 * ring.
 *
 *   turn    0 = nobody's · else the hash's low 24 bits · slot 8; waited for, loaded by anybody
 *     0 → own    who lost; by compare-and-swap
 *     own → 0    who has it; recovery, of a dead thread; who has waited for it for long
 */
import { selfSlot } from '../base/env';
import { Slot, TURN_STATE } from '../base/layout';
import { casWord, loadWord, wakeWord } from '../base/words';
import { keyHash } from '../store/entry-head';

const SLOT_BITS: u32 = 8;
const SLOT_MASK: u32 = 0xff;

/** Address of the word. */
export function turnAt(): usize {
  return TURN_STATE;
}

/** What it is when this thread has it, for the key in the scratch. */
function ownTurn(keyBytes: u32): u32 {
  return (keyHash(keyBytes) << SLOT_BITS) | selfSlot();
}

/** Takes it for the key in the scratch. @returns false: another thread has it, or a caller here */
export function takeTurn(keyBytes: u32): bool {
  return casWord(TURN_STATE, 0, ownTurn(keyBytes)) == 0;
}

/** Whether a turn that was seen is another thread's. */
export function isOthersTurn(seen: u32): bool {
  return seen != 0 && (seen & SLOT_MASK) != selfSlot();
}

/** Whether it is another thread's for the key in the scratch. */
export function isOthersTurnOf(keyBytes: u32, seen: u32): bool {
  return isOthersTurn(seen) && ((seen ^ ownTurn(keyBytes)) & ~SLOT_MASK) == 0;
}

/** Gives a slot's turn back, if it has it still. */
export function giveTurn(slot: Slot): void {
  const seen = loadWord(TURN_STATE);
  if ((seen & SLOT_MASK) == slot) endTurn(seen);
}

/** Ends a turn that was seen: it has lasted long, or is over. */
export function endTurn(seen: u32): void {
  if (casWord(TURN_STATE, seen, 0) == seen) wakeWord(TURN_STATE, -1);
}
