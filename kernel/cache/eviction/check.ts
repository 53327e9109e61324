/**
 * Check of the queues: sums are those of the records, and every page of queues is reached.
 *
 * That every record leads to an entry is not asked for: those of deleted entries wait their turn.
 */
import { PAGE_RECORDS } from '../../base/geometry';
import { Pfn, pageAddress, pfnOfAddress, superblock } from '../../base/layout';
import { peekPageWord, wordSubtype, wordType } from '../../memdesc/page-word';
import { MISC_QUEUE, TYPE_MISC } from '../../memdesc/type';
import { assertHalted } from '../../thread/context';
import { Fifo, hashIn, pageOf, unitsIn } from './fifo';
import { ghostPages } from './ghosts';
import { ghostsAt, queueAt, queueState, shardAt, shardCount } from './shard';

/** The tables of shards and of threads. */
const TABLE_PAGES: u32 = 2;

/** Thread-local: pages that the queues of the last check have. */
let pages: u32 = 0;

/** @returns 0, or the address of what is wrong */
export function checkQueues(): u32 {
  assertHalted();
  pages = TABLE_PAGES;
  for (let i: u32 = 0; i < shardCount(); i++) {
    const shard = shardAt(i);
    if (!isSound(queueAt(shard, false))) return queueAt(shard, false);
    if (!isSound(queueAt(shard, true))) return queueAt(shard, true);
    pages += ghostPages(ghostsAt(shard));
  }
  return pages == pagesOfQueues() ? 0 : queueState().shards;
}

function isSound(at: u32): bool {
  const queue = changetype<Fifo>(at);
  let records: u32 = 0;
  let units: u64 = 0;
  let last: u32 = 0;
  for (let page = queue.head; page != 0; page = pageOf(page).next) {
    if (pages > superblock().pageCount || !isQueuePage(page) || pageOf(page).count > PAGE_RECORDS)
      return false;
    for (let i = pageOf(page).first; i < pageOf(page).count; i++) {
      if (hashIn(page, i) == 0) continue;
      records++;
      units += unitsIn(page, i);
    }
    last = page;
    pages++;
  }
  return queue.tail == last && queue.records == records && queue.units == units;
}

function isQueuePage(page: u32): bool {
  const pfn = pfnOfAddress(page);
  if (page != pageAddress(pfn) || pfn >= superblock().pageCount) return false;
  const word = peekPageWord(pfn);
  return wordType(word) == TYPE_MISC && wordSubtype(word) == MISC_QUEUE;
}

function pagesOfQueues(): u32 {
  let found: u32 = 0;
  for (let pfn: Pfn = 1; pfn < superblock().pageCount; pfn++) {
    if (isQueuePage(pageAddress(pfn))) found++;
  }
  return found;
}
