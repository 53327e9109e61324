/**
 * Shards: where the eviction queues live.
 *
 * A *shard* is responsible for a share of all keys, by their hashes, and has queues, ghosts and a
 * lock of its own, so that threads that store different keys seldom meet. Small zones have one:
 * queues that are short decide worse.
 *
 *   shard table   one page, 256 bytes a shard
 *     0    lock · 8: records to look after, and how many are few (eviction.ts)
 *     64   the small queue, 128 the main queue (fifo.ts)
 *     192  ghosts (ghosts.ts)
 *   thread table  one page behind it: what each thread has in hand (queue-pages.ts)
 *
 * Lock: each shard's, under which no other is taken, of the index least of all.
 */
import { ERR_NO_MEMORY } from '../../base/fault';
import { PAGE_BYTES, pageAddress, QUEUE_STATE, superblock } from '../../base/layout';
import { CLASS_UNMOVABLE } from '../../frames/class';
import { allocPages } from '../../memdesc/pages';
import { MISC_QUEUE } from '../../memdesc/type';

/** Written once, by `formatShards`. */
@unmanaged
export class QueueState {
  /** Address of the shard table; 0 = the zone has no cache. */
  shards: u32;
  threads: u32;
  /** Shards, a power of two. */
  count: u32;
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
