/**
 * The life of a zone and of the threads in it: format, attach, detach. Their death is recovery.ts.
 *
 * A zone is formatted once, in memory that is all zero; the magic number is stored last, so a zone
 * that can be recognised is complete. Attaching to anything else (no magic, another version, other
 * geometry, fixed pages that do not say that they are) is refused before anything is written.
 */

import { selfSlot, setSelfPage, setSelfSlot } from '../base/env';
import { ERR_GEOMETRY, ERR_NO_MEMORY, ERR_NOT_A_ZONE, ERR_VERSION } from '../base/fault';
import {
  FORMAT_VERSION,
  isLaidOut,
  layOut,
  MAX_WASM_PAGES,
  MIN_WASM_PAGES,
  superblock,
  ZONE_MAGIC,
} from '../base/layout';
import { loadWord, storeWord } from '../base/words';
import { formatFolio } from '../folio/folio';
import { formatFrames } from '../frames/frames';
import { arePageWords, fillPageWords, miscWord } from '../memdesc/page-word';
import { openLedger } from '../memdesc/pin-ledger';
import { dropPages, takeOwnPage } from '../memdesc/thread-pages';
import { MISC_ZONE } from '../memdesc/type';
import { formatSlab } from '../slab/kmem-cache';
import { hasDeferred } from '../store/deferred';
import { dropDraft } from '../store/entry';
import { claimSlot, releaseSlot } from '../thread/membership';
import { formatRcu } from '../thread/rcu';
import { formatSlots, selfState } from '../thread/slot';
import { startWorld, stopWorld } from '../thread/stop';
import { leaveZsmalloc } from '../zsmalloc/reap';
import { leaveCompaction } from './recover-compaction';
import { returnOwned } from './recovery';
import { dropPins } from './release';

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
  fillPageWords(0, superblock().firstPfn, miscWord(0, MISC_ZONE));
  formatFloors(idLo, idHi, seedLo, seedHi);
  storeWord(0, ZONE_MAGIC);
  return 0;
}

/**
 * The zone's identity, and every floor's state; all metadata beside the zone's own words is zero.
 */
export function formatFloors(idLo: u32, idHi: u32, seedLo: u32, seedHi: u32): void {
  const zone = superblock();
  zone.zoneIdLo = idLo;
  zone.zoneIdHi = idHi;
  zone.hashSeed = (u64(seedHi) << 32) | u64(seedLo);
  formatRcu();
  formatSlots();
  formatFrames();
  formatSlab();
  formatFolio();
}

/** @returns this thread's slot, or ERR_NOT_A_ZONE, ERR_VERSION, ERR_GEOMETRY, ERR_NO_SLOT */
export function attachThread(owner: u32): i32 {
  if (loadWord(0) != ZONE_MAGIC) return ERR_NOT_A_ZONE;
  if (superblock().version != FORMAT_VERSION) return ERR_VERSION;
  if (!isLaidOut(u32(memory.size())) || !areFixedPages()) return ERR_GEOMETRY;
  return claimSlot(owner);
}

/** Whether the words of the zone's own pages are what `formatZone` made them, for ever. */
function areFixedPages(): bool {
  return arePageWords(0, superblock().firstPfn, miscWord(0, MISC_ZONE));
}

/** Takes the thread's own pages, in its first call. @returns 0; or ERR_NO_MEMORY, and no slot */
export function settleThread(): i32 {
  const slot = selfState();
  slot.page = takeOwnPage();
  slot.zsThread = takeOwnPage();
  if (slot.page == 0 || slot.zsThread == 0) {
    dropPages(slot);
    releaseSlot(selfSlot());
    setSelfSlot(0);
    return ERR_NO_MEMORY;
  }
  setSelfPage(slot.page);
  openLedger();
  return 0;
}

/** Gives back all that this thread has, and its slot. */
export function detachThread(): void {
  leaveCompaction();
  dropPins(selfSlot());
  dropDraft(selfState());
  leaveZsmalloc();
  if (hasDeferred(selfSlot())) {
    stopWorld();
    startWorld();
  }
  returnOwned(selfSlot());
  releaseSlot(selfSlot());
  setSelfSlot(0);
}
