/**
 * Where the eviction queues live: their shards, and the pages that they take and give back.
 *
 * A *shard* is responsible for a share of all keys, by their hashes, and has queues, ghosts and a
 * lock of its own, so that threads that store different keys seldom meet. Small zones have one:
 * queues that are short decide worse.
 *
 *   shard table   one page, 256 bytes a shard
 *     0    lock · 8: records to look after, and how many are few (eviction.ts)
 *     64   the small queue, 128 the main queue (fifo.ts)
 *     192  ghosts (ghosts.ts)
 *   thread table  one page, 16 bytes a slot: what its thread has in hand, for who survives it
 *     evicting      hash of the record that was popped and is not judged yet, 0 = none
 *     evictingMain  1 if it came from the main queue
 *     page          a page on its way into a queue or out of it, 0 = none
 *     sweeping      a page of a queue that has no least expiry meanwhile (purge.ts), 0 = none
 *
 * **A page under way is never lost.** It is allocated and freed as a thread's page, which a
 * survivor takes back where no slot names it (memdesc/recover.ts); it is a queue's from the store
 * of its word on, and that store happens while `page` names it:
 *   take   alloc as MISC_THREAD · page := it · word MISC_QUEUE · linked · page := 0
 *   drop   page := it · unlinked · word MISC_THREAD · page := 0 · free
 * So who dies leaves a MISC_QUEUE page that is linked, or that `page` names, or both.
 *
 * Lock: each shard's, under which no other is taken, of the index least of all.
 */
import { selfSlot } from '../base/env';
import { ERR_NO_MEMORY } from '../base/fault';
import {
  PAGE_BYTES,
  pageAddress,
  pfnOfAddress,
  QUEUE_STATE,
  Slot,
  superblock,
} from '../base/layout';
import { CLASS_UNMOVABLE, URGENT } from '../frames/class';
import { miscWord, pokePageWord } from '../memdesc/page-word';
import { allocPages, freePages } from '../memdesc/pages';
import { MISC_QUEUE, MISC_THREAD } from '../memdesc/type';

/** Written once, by `formatShards`. */
@unmanaged
export class QueueState {
  /** Address of the shard table; 0 = the zone has no cache. */
  shards: u32;
  threads: u32;
  /** Shards, a power of two. */
  count: u32;
}

@unmanaged
export class InHand {
  evicting: u32;
  evictingMain: u32;
  page: u32;
  sweeping: u32;
}

const SHARD_BYTES: u32 = 256;
const TIDY_AT: u32 = 8;
export const SMALL_AT: u32 = 64;
const QUEUE_BYTES: u32 = 64;
export const GHOSTS_AT: u32 = 192;
/** As many as a page has room for: two threads of sixteen meet once in sixteen times. */
const MAX_SHARDS: u32 = 16;
/**
 * 64 MiB for each shard: some fifty thousand entries of 1 KiB, in which a tenth is still a queue.
 */
const PAGES_PER_SHARD_SHIFT: u32 = 14;

export function queueState(): QueueState {
  return changetype<QueueState>(QUEUE_STATE);
}

/** @returns 0, or ERR_NO_MEMORY */
export function formatShards(): i32 {
  const pfn = allocPages(1, MISC_QUEUE, CLASS_UNMOVABLE);
  if (pfn < 0) return ERR_NO_MEMORY;
  const at = pageAddress(u32(pfn));
  memory.fill(at, 0, 2 * PAGE_BYTES);
  const state = queueState();
  const pages = superblock().pageCount >> PAGES_PER_SHARD_SHIFT;
  state.count = 1;
  while (state.count < MAX_SHARDS && state.count * 2 <= pages) state.count *= 2;
  state.threads = at + PAGE_BYTES;
  state.shards = at;
  return 0;
}

export function shardCount(): u32 {
  return queueState().count;
}

export function shardAt(index: u32): u32 {
  return queueState().shards + index * SHARD_BYTES;
}

/** The shard of a hash, by bits that choose no line of ghosts. */
export function shardOf(hash: u32): u32 {
  return shardAt((hash >> 28) & (queueState().count - 1));
}

/** Where it stands how many records of a shard are still to be looked after. */
export function tidyAt(shard: u32): u32 {
  return shard + TIDY_AT;
}

/** Where a shard's small or main queue stands. */
export function queueAt(shard: u32, isMain: bool): u32 {
  return shard + SMALL_AT + (isMain ? QUEUE_BYTES : 0);
}

export function ghostsAt(shard: u32): u32 {
  return shard + GHOSTS_AT;
}

export function inHandOf(slot: Slot): InHand {
  return changetype<InHand>(queueState().threads + slot * offsetof<InHand>());
}

/**
 * A page of zeros, which this thread's record names until `settlePage`. The shard's lock is held.
 *
 * @returns its address, or 0
 */
export function takePage(): u32 {
  const pfn = allocPages(0, MISC_THREAD, CLASS_UNMOVABLE | URGENT);
  if (pfn < 0) return 0;
  const page = pageAddress(u32(pfn));
  memory.fill(page, 0, PAGE_BYTES);
  inHandOf(selfSlot()).page = page;
  pokePageWord(pfn, miscWord(0, MISC_QUEUE));
  return page;
}

/** The page that was taken is linked. */
export function settlePage(): void {
  inHandOf(selfSlot()).page = 0;
}

/** To be said of a page before it is unlinked; `dropPage` follows. */
export function holdPage(page: u32): void {
  inHandOf(selfSlot()).page = page;
}

/** Frees the page that this thread holds and has unlinked. */
export function dropPage(): void {
  const hand = inHandOf(selfSlot());
  const pfn = pfnOfAddress(hand.page);
  pokePageWord(pfn, miscWord(0, MISC_THREAD));
  hand.page = 0;
  freePages(pfn, 0, MISC_THREAD);
}
