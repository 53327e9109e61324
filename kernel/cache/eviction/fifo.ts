/**
 * A queue of records, first in, first out: one page behind the other.
 *
 * A *record* says that there is, or was, an entry with this hash: nothing has to be updated when
 * the entry is moved, overwritten or deleted, and who pops a record asks the index what it is
 * worth.
 *
 *   record   hash, 4 bytes, 0 = gone · size in units of 64 bytes, 2 bytes, saturated
 *   page     next · count: records written · first: records popped · stamp · least (64 bits), delay
 *            · 678 hashes · 678 sizes
 *   queue    head, tail: pages · records, units: sums over them · lastStamp · due, nextDue, visit,
 *            visitStamp: when and where there is something to sweep (expiry-sweep.ts)
 *
 * Everything but `next`, `count`, `first` and the records follows from these, so that a survivor
 * can count it again (`rebuild`): a record counts from the store of `count` on, and is popped by
 * that of `first`; a page belongs to the queue from the store of `next`, or `head`, that leads to
 * it.
 *
 * `least` is at most the earliest expiry of an entry that was pushed to the page and is not over:
 * until it has passed nobody need look for expired entries there. With `delay` added it is when
 * eviction looks.
 *
 * Stamps count a queue's pages up; one that is emptied and filled again gets a new one.
 *
 * Lock: the shard's.
 */
import { PAGE_RECORDS } from '../../base/geometry';
import { peekWord, pokeWord } from '../../base/words';
import { assertHalted } from '../../thread/context';
import { dropPage, holdPage, settlePage, takePage } from './queue-pages';

const HASHES: u32 = 28;
const SIZES: u32 = HASHES + PAGE_RECORDS * 4;
/** Sizes are counted in lines of 64 bytes. */
const UNIT_SHIFT: u32 = 6;
const MAX_UNITS: u32 = 0xffff;
export const NEVER: u64 = u64.MAX_VALUE;

/** What `visit` is but for a page. */
export const NO_VISIT: u32 = 0;
export const ROUND_OVER: u32 = 1;

@unmanaged
export class Fifo {
  head: u32;
  tail: u32;
  records: u32;
  lastStamp: u32;
  units: u64;
  /** Nothing in the queue is due before: a bound. */
  due: u64;
  /** The same over the pages that this round has been over. */
  nextDue: u64;
  /** Where the round goes on: a page, NO_VISIT between rounds, ROUND_OVER behind the last. */
  visit: u32;
  visitStamp: u32;
}

@unmanaged
export class FifoPage {
  next: u32;
  count: u32;
  first: u32;
  stamp: u32;
  least: u64;
  delay: u32;
}

/** Units of so many bytes, at least one. */
export function unitsFor(bytes: u32): u32 {
  return max(1, (bytes + (1 << UNIT_SHIFT) - 1) >> UNIT_SHIFT);
}

export function pageOf(page: u32): FifoPage {
  return changetype<FifoPage>(page);
}

export function hashesAt(page: u32, index: u32): u32 {
  return page + HASHES + index * 4;
}

export function hashIn(page: u32, index: u32): u32 {
  return peekWord(hashesAt(page, index));
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
  pokeWord(hashesAt(queue.tail, page.count), recordHash);
  store<u16>(queue.tail + SIZES + page.count * 2, u16(size));
  if (expiry != 0) lowerDue(queue, queue.tail, expiry, expiry);
  page.count++;
  queue.records++;
  queue.units += size;
  return true;
}

function addPage(queue: Fifo): bool {
  const page = takePage();
  if (page == 0) return false;
  beginPage(queue, page);
  if (queue.tail == 0) queue.head = page;
  else pageOf(queue.tail).next = page;
  queue.tail = page;
  settlePage();
  return true;
}

function beginPage(queue: Fifo, page: u32): void {
  pageOf(page).stamp = ++queue.lastStamp;
  pageOf(page).least = NEVER;
  pageOf(page).delay = 0;
  if (queue.head == 0) queue.due = NEVER;
}

/** When eviction is to look for expired entries in a page. */
export function dueOf(page: u32): u64 {
  const at = pageOf(page);
  return at.least == NEVER ? NEVER : at.least + at.delay;
}

/** Sees to it that a page is looked at by two times. */
export function lowerDue(queue: Fifo, page: u32, least: u64, due: u64): void {
  const at = pageOf(page);
  const soonest = min(dueOf(page), due);
  at.least = min(at.least, least);
  // Saturated, after 49 days: then it is looked at too soon.
  if (at.least != NEVER) at.delay = u32(min(soonest - at.least, u64(u32.MAX_VALUE)));
  queue.due = min(queue.due, dueOf(page));
  queue.nextDue = min(queue.nextDue, dueOf(page));
}

/** The first page whose stamp is not lower, or 0. Cost: a look at each page before it. */
export function firstFrom(queue: Fifo, stamp: u32): u32 {
  let page = queue.head;
  while (page != 0 && i32(pageOf(page).stamp - stamp) < 0) page = pageOf(page).next;
  return page;
}

/** Takes a record out, wherever it stands. Shard lock held. */
export function strikeOut(queue: Fifo, page: u32, index: u32): void {
  pokeWord(hashesAt(page, index), 0);
  queue.records--;
  queue.units -= unitsIn(page, index);
}

/**
 * Finds the oldest record, and leaves it where it is: `takeFirst` takes it.
 *
 * @returns its hash, or 0
 */
export function findFirst(at: u32): u32 {
  const queue = changetype<Fifo>(at);
  while (queue.head != 0) {
    const page = pageOf(queue.head);
    for (; page.first < page.count; page.first++) {
      const hash = hashIn(queue.head, page.first);
      if (hash != 0) return hash;
    }
    if (page.next == 0) {
      // The last page stays, to be filled again. `first` may be behind `count`, never before.
      page.count = 0;
      page.first = 0;
      beginPage(queue, queue.head);
      return 0;
    }
    holdPage(queue.head);
    queue.head = page.next;
    dropPage();
  }
  return 0;
}

/** How many records of the first page come next, `most` at most, that are `wanted` units. */
export function recordsAhead(at: u32, most: u32, wanted: u32): u32 {
  const head = changetype<Fifo>(at).head;
  if (head == 0) return 0;
  const first = pageOf(head).first;
  const end = min(max(first, pageOf(head).count), first + most);
  let sum: u32 = 0;
  let next = first;
  for (; next < end && sum < wanted; next++) sum += unitsIn(head, next);
  return next - first;
}

/** Hash of one of these; 0 if it is gone. */
export function hashAhead(at: u32, index: u32): u32 {
  const head = changetype<Fifo>(at).head;
  return hashIn(head, pageOf(head).first + index);
}

/** Takes the record that `findFirst` found, under the same lock. */
export function takeFirst(at: u32): void {
  const queue = changetype<Fifo>(at);
  queue.records--;
  queue.units -= unitsIn(queue.head, pageOf(queue.head).first++);
}

/** Counts a queue again of which somebody died. */
export function rebuild(at: u32): void {
  assertHalted();
  const queue = changetype<Fifo>(at);
  queue.records = 0;
  queue.units = 0;
  queue.tail = queue.head;
  queue.due = 0;
  queue.visit = NO_VISIT;
  for (let page = queue.head; page != 0; page = pageOf(page).next) {
    queue.tail = page;
    queue.lastStamp = pageOf(page).stamp;
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
