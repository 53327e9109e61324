/**
 * A queue of records, first in, first out: one page behind the other.
 *
 * A *record* says that there is, or was, an entry with this hash: nothing has to be updated when
 * the entry is moved, overwritten or deleted, and who pops a record asks the index what it is
 * worth.
 *
 *   record   hash, 4 bytes, 0 = gone · size in units of 64 bytes, 2 bytes, saturated
 *   page     next · count: records written · first: records popped · spare · least expiry (64 bits)
 *            · 678 hashes · 678 sizes
 *   queue    head, tail: pages · records, units: sums over them
 *
 * Everything but `next`, `count`, `first` and the records follows from these, so that a survivor
 * can count it again (`rebuild`): a record counts from the store of `count` on, and is popped by
 * that of `first`; a page belongs to the queue from the store of `next`, or `head`, that leads to
 * it.
 *
 * `least` is at most the earliest expiry of an entry that was pushed to the page: until it has
 * passed nobody need look for expired entries there.
 *
 * Lock: the shard's.
 */
import { peekWord, pokeWord } from '../base/words';
import { dropPage, holdPage, settlePage, takePage } from './queue-pages';

/** Header 24, and 6 bytes a record: 4,092 of 4,096. */
export const PAGE_RECORDS: u32 = 678;
const HASHES: u32 = 24;
const SIZES: u32 = HASHES + PAGE_RECORDS * 4;
/** Sizes are counted in lines of 64 bytes. */
const UNIT_SHIFT: u32 = 6;
const MAX_UNITS: u32 = 0xffff;
const NEVER: u64 = u64.MAX_VALUE;

@unmanaged
export class Fifo {
  head: u32;
  tail: u32;
  records: u32;
  spare: u32;
  units: u64;
}

@unmanaged
export class FifoPage {
  next: u32;
  count: u32;
  first: u32;
  spare: u32;
  least: u64;
}

/** Thread-local: what `findFirst` found. */
let hash: u32 = 0;
let units: u32 = 0;

export function poppedHash(): u32 {
  return hash;
}

/** Units of so many bytes, at least one. */
export function unitsFor(bytes: u32): u32 {
  return max(1, (bytes + (1 << UNIT_SHIFT) - 1) >> UNIT_SHIFT);
}

export function pageOf(page: u32): FifoPage {
  return changetype<FifoPage>(page);
}

export function hashIn(page: u32, index: u32): u32 {
  return peekWord(page + HASHES + index * 4);
}

export function unitsIn(page: u32, index: u32): u32 {
  return load<u16>(page + SIZES + index * 2);
}

/** @returns false if there is no page for it; then nothing has changed */
export function push(at: u32, recordHash: u32, recordUnits: u32, expiry: u64): bool {
  const queue = changetype<Fifo>(at);
  if (queue.tail == 0 || pageOf(queue.tail).count == PAGE_RECORDS) {
    if (!addPage(queue)) return false;
  }
  const page = pageOf(queue.tail);
  const size = min(max(recordUnits, 1), MAX_UNITS);
  pokeWord(queue.tail + HASHES + page.count * 4, recordHash);
  store<u16>(queue.tail + SIZES + page.count * 2, u16(size));
  if (expiry != 0 && expiry < page.least) page.least = expiry;
  page.count++;
  queue.records++;
  queue.units += size;
  return true;
}

function addPage(queue: Fifo): bool {
  const page = takePage();
  if (page == 0) return false;
  pageOf(page).least = NEVER;
  if (queue.tail == 0) queue.head = page;
  else pageOf(queue.tail).next = page;
  queue.tail = page;
  settlePage();
  return true;
}

/**
 * Finds the oldest record, and leaves it where it is: `takeFirst` takes it.
 *
 * @returns whether there is one; `poppedHash` says which
 */
export function findFirst(at: u32): bool {
  const queue = changetype<Fifo>(at);
  while (queue.head != 0) {
    const page = pageOf(queue.head);
    for (; page.first < page.count; page.first++) {
      hash = hashIn(queue.head, page.first);
      units = unitsIn(queue.head, page.first);
      if (hash != 0) return true;
    }
    if (page.next == 0) {
      // The last page stays, to be filled again. `first` may be behind `count`, never before.
      page.count = 0;
      page.first = 0;
      page.least = NEVER;
      return false;
    }
    holdPage(queue.head);
    queue.head = page.next;
    dropPage();
  }
  return false;
}

/** Takes the record that `findFirst` found, under the same lock. */
export function takeFirst(at: u32): void {
  const queue = changetype<Fifo>(at);
  pageOf(queue.head).first++;
  queue.records--;
  queue.units -= units;
}

/** Counts a queue again of which somebody died. The world is halted. */
export function rebuild(at: u32): void {
  const queue = changetype<Fifo>(at);
  queue.records = 0;
  queue.units = 0;
  queue.tail = queue.head;
  for (let page = queue.head; page != 0; page = pageOf(page).next) {
    queue.tail = page;
    for (let i = pageOf(page).first; i < pageOf(page).count; i++) {
      if (hashIn(page, i) == 0) continue;
      queue.records++;
      queue.units += unitsIn(page, i);
    }
  }
}

/** Whether a page is one of the queue's. */
export function hasPage(at: u32, sought: u32): bool {
  let page = changetype<Fifo>(at).head;
  while (page != 0 && page != sought) page = pageOf(page).next;
  return page != 0;
}
