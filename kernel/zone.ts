/**
 * The life of a zone and of the threads in it: format, attach, detach, death, recovery.
 *
 * A zone is formatted once, in memory that is all zero; the magic number is stored last, so a zone
 * that can be recognised is complete. Attaching to anything else (no magic, another version, other
 * geometry) is refused before anything is written.
 *
 * Death: a survivor that has proof marks the dead thread's slots (markDead). If the thread was not
 * half-way through a change, `recoverDead` gives back all that it owned; else the zone is poisoned.
 */
import { selfSlot, setSelfSlot } from './base/env';
import { ERR_GEOMETRY, ERR_NOT_A_ZONE, ERR_VERSION, trapIfPoisoned } from './base/fault';
import {
  FORMAT_VERSION,
  layOut,
  MAX_WASM_PAGES,
  MIN_WASM_PAGES,
  superblock,
  ZONE_MAGIC,
} from './base/layout';
import { loadWord, storeWord } from './base/words';
import { formatFolio } from './folio/folio';
import { formatFrames } from './frames/frames';
import { fillPageWords, miscWord } from './memdesc/page-word';
import { MISC_ZONE } from './memdesc/type';
import { formatSlab } from './slab/kmem-cache';
import { dropDraft } from './store/entry';
import { dropScratch } from './store/scratch';
import { lock, unlock } from './thread/lock';
import { formatRcu } from './thread/rcu';
import {
  claimSlot,
  condemnSlot,
  highestSlot,
  inKernelAt,
  judge,
  releaseSlot,
  SLOT_DEAD,
  slotOf,
  slotState,
  THREADS_LOCK,
} from './thread/slot';
import { endStopOf } from './thread/stop';

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

/** Gives back all that this thread has, and its slot. */
export function detachThread(): void {
  payDebts(selfSlot());
  releaseSlot(selfSlot());
  setSelfSlot(0);
}

function payDebts(slot: u32): void {
  dropDraft(slotOf(slot));
  dropScratch(slotOf(slot));
  endStopOf(slot);
}

/** Gives back what threads owned that died outside the kernel. @returns how many there were */
export function recoverDead(): u32 {
  let recovered: u32 = 0;
  lock(THREADS_LOCK);
  for (let slot: u32 = 1, end = highestSlot(); slot <= end; slot++) {
    if (slotState(slot) != SLOT_DEAD) continue;
    // Whoever marked it may not have come to poisoning yet.
    judge(slot, loadWord(inKernelAt(slot)), slotOf(slot).held);
    trapIfPoisoned();
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
