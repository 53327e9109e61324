/**
 * Deaths: what is known of the last who died here, for whoever wants to be told.
 *
 *   count   word: how many have been recovered since the zone was formatted
 *   ring    RECORDS records; that of death n, from 0, is the n % RECORDSth
 *     owner   word: as the kernel knew the thread
 *     what    word: pages given back:16 · what it was in:8 (operations.ts) · slot:8; never 0
 *
 * Lock: threads, held by who recovers, for writing: first the record, then the count, which
 * publishes it, then the slot is released. Should it die before that, the next one finds the record
 * or tells again what was not published; owner numbers never come again. Readers take no lock. They
 * load a word, then the count; a record that may have been written over meanwhile is lost for them.
 *
 * The supervisor's death is told to nobody: its thread is not the program's.
 */
import { DEATHS_STATE, Slot } from '../base/layout';
import { loadWord, peekWord, storeWord } from '../base/words';
import { OPERATION_NUMBER, operationOf, ownerOf } from './slot';
import { supervisor } from './supervision';

/** All that fits before the state of leases: 384 bytes, count and ring. */
export const RECORDS: u32 = 47;

@unmanaged
export class DeathsState {
  count: u32;
  /** The ring begins with the next cell. */
  padding: u32;
}

function ownerAt(death: u32): usize {
  return DEATHS_STATE + offsetof<DeathsState>() + (death % RECORDS) * 8;
}

function whatAt(death: u32): usize {
  return ownerAt(death) + 4;
}

/** How many threads were recovered here. */
export function deaths(): u32 {
  return loadWord(DEATHS_STATE);
}

/** Who died; 0: it is not known any more, or has not happened. */
export function deathOwner(death: u32): u32 {
  const seen = loadWord(ownerAt(death));
  return isKnown(death) ? seen : 0;
}

/** The word `what` of a death, or 0 likewise. */
export function deathWhat(death: u32): u32 {
  const seen = loadWord(whatAt(death));
  return isKnown(death) ? seen : 0;
}

/** Asked after a word was loaded: the record after the newest may be under way. */
function isKnown(death: u32): bool {
  return deaths() - death - 1 < RECORDS - 1;
}

/** Whether one who died while it recovered has told already. Lock: threads. */
function isTold(owner: u32, count: u32): bool {
  for (let back: u32 = 1; back <= min(count, RECORDS - 1); back++) {
    if (peekWord(ownerAt(count - back)) == owner) return true;
  }
  return false;
}

/** Tells of a dead thread whose debts are paid, once. Lock: threads. */
export function tellDeath(slot: Slot, pages: u32): void {
  const owner = ownerOf(slot);
  const count = deaths();
  if (isTold(owner, count) || owner == supervisor()) return;
  const operation = operationOf(slot) & OPERATION_NUMBER;
  storeWord(ownerAt(count), owner);
  storeWord(whatAt(count), (pages << 16) | (operation << 8) | slot);
  storeWord(DEATHS_STATE, count + 1);
}
