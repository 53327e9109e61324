/**
 * A zone's next life: memory that nobody uses any more is made another zone, in place.
 *
 * Engines give dropped shared memory back late or never (docs/design/10-zone-and-threads.md), so a
 * closed zone is the best memory for the next one: no page has to be faulted in. Its identity is a
 * new one; who comes with an old handle is told that its zone is gone.
 *
 * magic   ZONE_MAGIC → 0   recycle, by compare-and-swap: closed to whoever would attach
 *         0 → ZONE_MAGIC   by the same thread: somebody was attached after all; or the new zone is
 *                          whole
 * A thread that attaches claims a slot, then loads the magic, then its slot again
 * (thread/membership.ts); the recycler clears the magic, then looks at all slots; all sequentially
 * consistent. So either the recycler sees a live slot and leaves everything as it was, or the
 * other sees no magic, or its slot wiped, and backs off. A claim after the wipe is one in the new
 * zone.
 *
 * Not recycled: a zone of which somebody has a view that he may keep (`lend`). What stood in its
 * pages stands there until they are used again, as when pages are freed.
 */
import { ERR_BUSY, ERR_NOT_A_ZONE, ERR_PINNED } from '../base/fault';
import {
  CACHE_TABLE,
  PAGE_MAP,
  pageAddress,
  RCU_STATE,
  SLOT_TABLE,
  Slot,
  SUPERBLOCK,
  Superblock,
  superblock,
  THREADS_STATE,
  ZONE_MAGIC,
} from '../base/layout';
import { casWord, loadWord, storeWord } from '../base/words';
import { fillPageWords, miscWord } from '../memdesc/page-word';
import { MISC_ZONE } from '../memdesc/type';
import { wipeSlots } from '../thread/membership';
import { highestSlot, SLOT_LIVE, slotState, ThreadsState } from '../thread/slot';
import { formatFloors } from './zone';

function lentAt(): usize {
  return SUPERBLOCK + offsetof<Superblock>('lent');
}

function faultAt(): usize {
  return SUPERBLOCK + offsetof<Superblock>('fault');
}

/**
 * Says that a view of the memory was given to somebody who may keep it beyond this zone's life.
 */
export function lend(): void {
  if (loadWord(lentAt()) == 0) storeWord(lentAt(), 1);
}

/**
 * Makes another zone of this one, which every thread has left or was killed in. Needs no slot.
 *
 * @param idLo, idHi, seedLo, seedHi  as of `formatZone`
 * @returns 0; or, and nothing has changed: ERR_BUSY (somebody is attached), ERR_PINNED (lent),
 *          ERR_NOT_A_ZONE (closed already, by another who recycles it)
 */
export function recycleZone(idLo: u32, idHi: u32, seedLo: u32, seedHi: u32): i32 {
  if (casWord(SUPERBLOCK, ZONE_MAGIC, 0) != ZONE_MAGIC) return ERR_NOT_A_ZONE;
  const failure = isAttached() ? ERR_BUSY : loadWord(lentAt()) != 0 ? ERR_PINNED : 0;
  if (failure == 0) {
    wipe();
    formatFloors(idLo, idHi, seedLo, seedHi);
  }
  storeWord(SUPERBLOCK, ZONE_MAGIC);
  return failure;
}

function isAttached(): bool {
  for (let slot: Slot = 1, end = highestSlot(); slot <= end; slot++) {
    if (slotState(slot) == SLOT_LIVE) return true;
  }
  return false;
}

/** Zeroes all metadata but what is the same in every zone of this size. */
function wipe(): void {
  const zone = superblock();
  storeWord(faultAt(), 0);
  zone.faultSlot = 0;
  zone.faultDetail = 0;
  wipeSlots();
  fillZero(RCU_STATE, THREADS_STATE);
  fillZero(THREADS_STATE + offsetof<ThreadsState>(), SLOT_TABLE);
  fillZero(CACHE_TABLE, PAGE_MAP);
  // The words of the fixed pages stay as they are, for whoever looks at them before it attaches.
  const fixed: u32 = isDefined(PAGELESS_TWO_WORD) ? 0 : zone.firstPfn;
  fillZero(PAGE_MAP + fixed * 4, pageAddress(zone.firstPfn));
  if (fixed == 0) fillPageWords(0, zone.firstPfn, miscWord(0, MISC_ZONE));
}

function fillZero(from: usize, to: usize): void {
  memory.fill(from, 0, to - from);
}
