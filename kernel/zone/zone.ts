/**
 * The life of a zone and of the threads in it: format, attach, detach, death, recovery.
 *
 * A zone is formatted once, in memory that is all zero; the magic number is stored last, so a zone
 * that can be recognised is complete. Attaching to anything else (no magic, another version, other
 * geometry) is refused before anything is written.
 *
 * Death: a survivor that has proof marks the dead thread's slots (markDead). `recoverDead` repairs
 * what it left half-done in the halted world, and gives back all that it owned; what it had begun
 * that nobody can repair (`beginChange`) has poisoned the zone.
 */
import { selfSlot, setSelfPage, setSelfSlot } from '../base/env';
import {
  ERR_BUSY,
  ERR_GEOMETRY,
  ERR_NO_MEMORY,
  ERR_NOT_A_ZONE,
  ERR_VERSION,
  trapIfPoisoned,
} from '../base/fault';
import {
  FORMAT_VERSION,
  layOut,
  MAX_WASM_PAGES,
  MIN_WASM_PAGES,
  PAGE_BYTES,
  PAGE_SHIFT,
  superblock,
  ZONE_MAGIC,
} from '../base/layout';
import { loadWord, storeWord } from '../base/words';
import { recoverCompaction } from '../compact/recover';
import { formatFolio } from '../folio/folio';
import { CLASS_UNMOVABLE, URGENT } from '../frames/class';
import { formatFrames } from '../frames/frames';
import { leaveFrames, recoverFrames } from '../frames/recover';
import { fillPageWords, miscWord } from '../memdesc/page-word';
import { allocPages, freePages } from '../memdesc/pages';
import { openLedger } from '../memdesc/pin-ledger';
import { recoverPages } from '../memdesc/recover';
import { MISC_THREAD, MISC_ZONE } from '../memdesc/type';
import { recoverUserTypes } from '../memdesc/user-type';
import { recoverLimbo } from '../reclaim/recover';
import { leaveSlab } from '../slab/drain';
import { formatSlab } from '../slab/kmem-cache';
import { recoverSlab, recoverUnborn } from '../slab/recover';
import { dropDraft, isInDraft } from '../store/entry';
import { dropScratch } from '../store/scratch';
import { breakLock, lock, unlock } from '../thread/lock';
import { formatRcu } from '../thread/rcu';
import {
  claimSlot,
  condemnSlot,
  highestSlot,
  judge,
  operationOf,
  releaseSlot,
  SLOT_DEAD,
  selfState,
  slotOf,
  slotState,
  THREADS_LOCK,
  ThreadSlot,
} from '../thread/slot';
import { endStopOf, enterHalted, resumeWorld } from '../thread/stop';
import { bornOf, clearOwnDesk, payDeskDebts } from '../zsmalloc/reap';
import { repairReplaced, repairZsmalloc } from '../zsmalloc/recover';
import { leaveCompaction, settleCompactor } from './recover-compaction';
import { dropPins, recoverLedger, settleLedger } from './release';

/**
 * Makes a zone of the memory, which must be all zero.
 *
 * @param idLo, idHi  random: tells zones apart
 * @param seedLo, seedHi  random: seeds the hash of keys
 * @returns 0, or ERR_NOT_A_ZONE (not zero), ERR_GEOMETRY (too small or too large)
 */
export function formatZone(idLo: u32, idHi: u32, seedLo: u32, seedHi: u32): i32 {
  const wasmPages = u32(memory.size());
  if (wasmPages < MIN_WASM_PAGES || wasmPages > MAX_WASM_PAGES) return ERR_GEOMETRY;
  if (loadWord(0) != 0) return ERR_NOT_A_ZONE;
  layOut(wasmPages);
  const zone = superblock();
  zone.zoneIdLo = idLo;
  zone.zoneIdHi = idHi;
  zone.hashSeed = (u64(seedHi) << 32) | u64(seedLo);
  fillPageWords(0, zone.firstPfn, miscWord(0, MISC_ZONE));
  formatRcu();
  formatFrames();
  formatSlab();
  formatFolio();
  storeWord(0, ZONE_MAGIC);
  return 0;
}

/** @returns this thread's slot, or ERR_NOT_A_ZONE, ERR_VERSION, ERR_GEOMETRY, ERR_NO_SLOT */
export function attachThread(owner: u32): i32 {
  if (loadWord(0) != ZONE_MAGIC) return ERR_NOT_A_ZONE;
  if (superblock().version != FORMAT_VERSION) return ERR_VERSION;
  if (superblock().wasmPages != u32(memory.size())) return ERR_GEOMETRY;
  return claimSlot(owner);
}

/** Takes the thread's own pages, in its first call. @returns 0; or ERR_NO_MEMORY, and no slot */
export function settleThread(): i32 {
  const slot = selfState();
  slot.page = takeOwnPage();
  slot.desk = takeOwnPage();
  if (slot.page == 0 || slot.desk == 0) {
    dropPages(slot);
    releaseSlot(selfSlot());
    setSelfSlot(0);
    return ERR_NO_MEMORY;
  }
  setSelfPage(slot.page);
  openLedger();
  return 0;
}

function takeOwnPage(): u32 {
  const pfn = allocPages(0, MISC_THREAD, CLASS_UNMOVABLE | URGENT);
  if (pfn < 0) return 0;
  memory.fill(u32(pfn) << PAGE_SHIFT, 0, PAGE_BYTES);
  return u32(pfn) << PAGE_SHIFT;
}

/** Gives back all that this thread has, and its slot. */
export function detachThread(): void {
  leaveCompaction();
  dropPins(selfSlot());
  dropDraft(selfState());
  clearOwnDesk();
  payDebts(selfSlot());
  releaseSlot(selfSlot());
  setSelfSlot(0);
}

function payDebts(slot: u32): void {
  dropDraft(slotOf(slot));
  dropScratch(slotOf(slot));
  if (slot == selfSlot()) {
    leaveSlab();
    leaveFrames();
  }
  dropPages(slotOf(slot));
  endStopOf(slot);
}

function dropPages(slot: ThreadSlot): void {
  const page = slot.page;
  const desk = slot.desk;
  slot.page = 0;
  slot.desk = 0;
  if (page != 0) freePages(page >> PAGE_SHIFT, 0, MISC_THREAD);
  if (desk != 0) freePages(desk >> PAGE_SHIFT, 0, MISC_THREAD);
}

/**
 * Repairs what dead threads left half-done, then gives back what they owned. Begins the call.
 *
 * @returns how many there were; or ERR_BUSY, and the call is over: try again when other news came
 */
export function recoverDead(operation: u32): i32 {
  if (!enterHalted(operation)) return ERR_BUSY;
  repairFloors();
  resumeWorld();
  return i32(payDebtsOfDead());
}

/**
 * In the halted world, lowest floor first. Each repair may have been begun by somebody who died, and
 * ends by freeing the floor's lock.
 */
function repairFloors(): void {
  for (let slot: u32 = 1, end = highestSlot(); slot <= end; slot++) {
    if (slotState(slot) != SLOT_DEAD) continue;
    // Whoever marked it may not have come to poisoning yet.
    judge(slot, operationOf(slot));
    trapIfPoisoned();
    recoverFrames(slot);
    recoverPages(slot);
    repairReplaced(slot);
    recoverSlab(slot);
    recoverLimbo(slot);
    repairZsmalloc(slot);
    breakLock(THREADS_LOCK, slot);
    recoverUserTypes(slot);
    recoverLedger(slot);
    recoverCompaction(slot);
    slotOf(slot).repaired = 1;
  }
}

/**
 * In the running world: debts are paid through the floors, whose locks the living may hold. Not of
 * who was marked dead meanwhile: whoever did that repairs first. Who dies here leaves the rest to the
 * next, except in the middle of what stood on a desk or in a draft.
 */
function payDebtsOfDead(): u32 {
  let recovered: u32 = 0;
  lock(THREADS_LOCK);
  for (let slot: u32 = 1, end = highestSlot(); slot <= end; slot++) {
    if (slotState(slot) != SLOT_DEAD || slotOf(slot).repaired == 0) continue;
    settleLedger(slot);
    settleCompactor(slot);
    recoverUnborn(slot);
    payDeskDebts(slot, isInDraft(slotOf(slot), bornOf(slot)));
    payDebts(slot);
    releaseSlot(slot);
    recovered++;
  }
  unlock(THREADS_LOCK);
  return recovered;
}

/**
 * Makes the memory of a loaded image usable: the world was stopped when it was copied, and its
 * threads are gone. `recoverDead` then gives back what they owned.
 */
export function thawZone(): void {
  for (let slot: u32 = 1, end = highestSlot(); slot <= end; slot++) {
    condemnSlot(slot);
    endStopOf(slot);
  }
}
