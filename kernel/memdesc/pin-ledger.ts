/**
 * The pin ledger: which descriptors each thread has pinned, in its thread page.
 *
 * A count cannot say whose pins it counts, and whether the compare-and-swap of a thread that died
 * there succeeded. So the ledgers are the truth and the count is their cached sum:
 *
 *   pins(desc) = entries that equal desc, over the ledgers of all threads      (world halted)
 *
 * Roles: the *owner* of a ledger pins, unpins, makes and frees; the *survivor* of its death never
 * asks what the dead one had come to: it counts the pins of the living anew (`pinsOf`). For that
 * the ledger of a thread must name whatever that thread may have counted:
 *   pin    entry = desc, then refs + 1
 *   unpin  refs − 1, then entry = 0
 * Between the two of a *living* thread there is no safe point, so that its entries are exact
 * whenever the world is halted. A dead ledger may name too much (a pin that was never counted, one
 * that is gone, an entry that was being moved): counting such a descriptor anew changes nothing.
 *
 * For example, a folio d with an owner:
 *   A         pins           entry d, refs OWNED|1
 *   B         begins to pin  entry d, and dies: before its compare-and-swap, or after?
 *   survivor  halts the world. B's ledger names d; of the living, A's alone does, once: refs is
 *             OWNED|1, whatever it was, and B's entry is cleared
 *
 * entry: 0 · desc: a pin · desc|NOTED: not counted, but the owner is making or freeing it
 * Access: owner, plain; a survivor, of the dead at any time and of the living in a halted world.
 * Entries in use stand first, without gaps.
 *
 * Cost of a pin: one store; of an unpin: one load and one store, when it is among the last taken.
 */
import { selfPage } from '../base/env';
import { FAULT_REFS, fail } from '../base/fault';
import { Desc, PAGE_BYTES, Slot, THREAD_PINS } from '../base/layout';
import { peekWord, pokeWord } from '../base/words';
import { assertHalted } from '../thread/context';
import { highestSlot, SLOT_LIVE, slotOf, slotState } from '../thread/slot';

/** 448 of the region's 512 bytes; the mailbox has the rest. */
export const LEDGER_ENTRIES: u32 = 112;
/** What pins may take: one is being made or freed in each of a few nested operations. */
export const MAX_PINS: u32 = 104;

const NOTED: u32 = 1;

/** Thread-local: where the next entry goes. */
let next: usize = 0;
/** Thread-local: where it goes between two calls. Below stand the pins that a user has. */
let settled: usize = 0;
/** Thread-local: what the call under way puts, or locks: see `resetLedger`. */
let subject: u32 = 0;
/** Thread-local: where the last entry is being moved to, or 0. */
let moving: usize = 0;

function entryAt(page: usize, index: u32): usize {
  return page + THREAD_PINS + index * 4;
}

/** Begins the ledger of a thread that has got its page. */
export function openLedger(): void {
  next = entryAt(selfPage(), 0);
  settled = next;
}

/** The call is over: what it pinned is the user's now, what it put is not any more. @inline */
export function settlePins(): void {
  settled = next;
}

/** Says which descriptor a call that puts or locks is about. @inline */
export function setSubject(desc: Desc): void {
  subject = desc;
}

/** What was said last. */
export function subjectOf(): u32 {
  return subject;
}

/** Whether this thread may pin once more. @inline */
export function hasRoom(): bool {
  return (next & (PAGE_BYTES - 1)) < entryAt(0, MAX_PINS);
}

/** Writes down a pin that is about to be counted. @inline */
export function enter(desc: Desc): void {
  pokeWord(next, desc);
  next += 4;
}

/** Crosses a pin out that is counted no more; mostly it is the last taken. @inline */
export function strike(entry: u32): void {
  const last = next - 4;
  if (peekWord(last) == entry) pokeWord(last, 0);
  else move(last, find(entry));
  next = last;
}

/** Moves the last entry to the place of another. */
function move(last: usize, to: usize): void {
  moving = to;
  pokeWord(to, peekWord(last));
  pokeWord(last, 0);
  moving = 0;
}

/** Writes down a descriptor that this thread makes or frees. */
export function note(desc: Desc): void {
  enter(desc | NOTED);
}

export function strikeNote(desc: Desc): void {
  strike(desc | NOTED);
}

/** A pin was the last: its entry goes on as the note of who frees. */
export function keepAsNote(desc: Desc): void {
  pokeWord(find(desc), desc | NOTED);
}

/** Where an entry of this thread is; the last taken is looked at first. */
function find(entry: u32): usize {
  for (let at = next - 4; at >= entryAt(selfPage(), 0); at -= 4) {
    if (peekWord(at) == entry) return at;
  }
  fail(FAULT_REFS, entry);
  return 0;
}

/** Whether this thread has pinned the descriptor. */
export function hasPinned(desc: Desc): bool {
  return hasEntry(desc);
}

function hasEntry(entry: u32): bool {
  for (let at = next - 4; at >= entryAt(selfPage(), 0); at -= 4) {
    if (peekWord(at) == entry) return true;
  }
  return false;
}

/** A descriptor that this thread has pinned, or 0. */
export function anyPinned(): u32 {
  return next == entryAt(selfPage(), 0) ? 0 : peekWord(next - 4) & ~NOTED;
}

/**
 * After a call of this thread that was cut short: what it had begun to pin, or to put, becomes a
 * note, so that it is counted anew like all that a dead thread had noted; the user's pins stay.
 *
 * @param isPut  whether the call was one that puts `subject`
 */
export function resetLedger(isPut: bool): void {
  assertHalted();
  finishMove();
  const isPending = isPut && subject != 0 && next == settled;
  for (let at = settled; at < next; at += 4) pokeWord(at, noted(peekWord(at)));
  if (isPending && !hasEntry(subject | NOTED) && hasEntry(subject)) keepAsNote(subject);
  subject = 0;
  settled = next;
}

function noted(entry: u32): u32 {
  return entry == 0 ? 0 : entry | NOTED;
}

/**
 * The entry that was being moved stands in one place; what was struck or not entered yet is gone.
 */
function finishMove(): void {
  if (moving != 0 && peekWord(next - 4) != 0) move(next - 4, moving);
  moving = 0;
  pokeWord(next, 0);
  while (next != entryAt(selfPage(), 0) && peekWord(next - 4) == 0) next -= 4;
}

/** Fills the places of entries that were cleared. */
export function closeGaps(): void {
  for (let at = entryAt(selfPage(), 0); at < next; at += 4) {
    if (peekWord(at) != 0) continue;
    if (at != next - 4) move(next - 4, at);
    next -= 4;
    at -= 4;
  }
  settled = next;
}

/** A descriptor that this thread has noted, or 0. */
export function anyNoted(): u32 {
  for (let at = entryAt(selfPage(), 0); at < next; at += 4) {
    if ((peekWord(at) & NOTED) != 0) return peekWord(at) & ~NOTED;
  }
  return 0;
}

/** Whether an entry of a thread is a pin, and no note. Likewise. */
export function isPin(slot: Slot, index: u32): bool {
  const entry = peekWord(entryAt(slotOf(slot).page, index));
  return entry != 0 && (entry & NOTED) == 0;
}

/** The descriptor that an entry of a thread names, or 0. World halted, or the thread is dead. */
export function ledgerEntry(slot: Slot, index: u32): u32 {
  const page = slotOf(slot).page;
  return page == 0 ? 0 : peekWord(entryAt(page, index)) & ~NOTED;
}

/** Crosses out an entry of a dead thread. */
export function clearEntry(slot: Slot, index: u32): void {
  pokeWord(entryAt(slotOf(slot).page, index), 0);
}

/** Pins of living threads on a descriptor. */
export function pinsOf(desc: Desc): u32 {
  assertHalted();
  let pins: u32 = 0;
  for (let slot: Slot = 1, end = highestSlot(); slot <= end; slot++) {
    if (slotState(slot) != SLOT_LIVE || slotOf(slot).page == 0) continue;
    for (let index: u32 = 0; index < LEDGER_ENTRIES; index++) {
      if (peekWord(entryAt(slotOf(slot).page, index)) == desc) pins++;
    }
  }
  return pins;
}
