/**
 * Struct page: what the page word replaces, built as a baseline for the lab.
 *
 * Every page has 64 bytes of its own for ever, whoever uses it. A block's first page is its *head*
 * and holds what is known of the block; the others are *tails*, which point to the head. Nothing is
 * allocated to describe an allocation, and no description can be larger than the record.
 *
 * record, 64 bytes a page: the words below, the rest is the owner's or padding
 *   flags   LOCKED (bit 0) · type:8 (bits 8–15)   set before publish; by compare-and-swap and `and`
 *   head    0 = a head or free, else head | TAIL   set before publish; 0 again before pages are
 *           freed
 *   order   of the block, in its head              set before publish; by who has frozen it
 *   refs    0 = free or frozen, else references    by compare-and-swap; by a store where it is 0
 *   owner   whatever the owner wants to find       set before publish
 *
 * Publish: everything, then refs = 1 (`describeBlock`), which `getPage` reads.
 * Get: page → head → refs + 1 if not 0 → **the page's head again**: the block may have been split
 * or freed meanwhile. The same recheck as with descriptors; only the record is found by arithmetic,
 * and lives as long as the zone, so that no read section is needed. Split: refs 1 → 0 bars others,
 * tails become heads, the original comes back last.
 *
 * The records are a block of pages, taken when the lab's zone is formatted: 4 MiB for 256 MiB.
 */
import { FAULT_REFS, fail } from '../base/fault';
import { MAX_ORDER, Order, PAGE_BYTES, Pfn, pageAddress, superblock } from '../base/layout';
import { andWord, casWord, loadWord, orWord, pokeWord, storeWord } from '../base/words';
import { CLASS_UNMOVABLE } from '../frames/class';
import { giveBlock, takeBlock } from '../frames/frames';

export const STRUCT_PAGE_BYTES: u32 = 64;
/** The only type that the loops need. */
export const FOLIO: u32 = 1;
const LOCKED: u32 = 1;
const TYPE_SHIFT: u32 = 8;
const TAIL: u32 = 1;

@unmanaged
class StructPage {
  flags: u32;
  head: u32;
  order: u32;
  refs: u32;
  owner: u32;
}

/** Thread-local: where the records begin; 0 until `formatStructPages`. */
let records: u32 = 0;

/** Takes the block that holds a record for each page. @returns false without one large enough */
export function formatStructPages(): bool {
  const bytes = superblock().pageCount * STRUCT_PAGE_BYTES;
  let order: Order = 0;
  while (order < MAX_ORDER && PAGE_BYTES << order < bytes) order++;
  const pfn = takeBlock(order, CLASS_UNMOVABLE);
  if (pfn == 0 || PAGE_BYTES << order < bytes) return false;
  records = pageAddress(pfn);
  memory.fill(records, 0, bytes);
  return true;
}

function structPageOf(pfn: Pfn): u32 {
  return records + pfn * STRUCT_PAGE_BYTES;
}

export function pfnOf(page: u32): u32 {
  return (page - records) / STRUCT_PAGE_BYTES;
}

function record(page: u32): StructPage {
  return changetype<StructPage>(page);
}

function flagsAt(page: u32): usize {
  return page + offsetof<StructPage>('flags');
}

function headAt(page: u32): usize {
  return page + offsetof<StructPage>('head');
}

function refsAt(page: u32): usize {
  return page + offsetof<StructPage>('refs');
}

function orderAt(page: u32): usize {
  return page + offsetof<StructPage>('order');
}

/** The head of the block that a page is part of now; the page's own record when it is free. */
export function headOf(pfn: Pfn): u32 {
  const page = structPageOf(pfn);
  const head = loadWord(headAt(page));
  return (head & TAIL) != 0 ? head - TAIL : page;
}

/** Describes a block that the caller has taken. @returns its head, with one reference */
export function describeBlock(pfn: Pfn, order: Order, type: u32, owner: u32): u32 {
  const head = structPageOf(pfn);
  record(head).flags = type << TYPE_SHIFT;
  record(head).order = order;
  record(head).owner = owner;
  for (let i: u32 = 1; i < (<u32>1) << order; i++) {
    pokeWord(headAt(head + i * STRUCT_PAGE_BYTES), head | TAIL);
  }
  storeWord(refsAt(head), 1);
  return head;
}

/**
 * Takes a reference on the block that a page is part of. @returns its head, or 0: free or frozen
 */
export function getPage(pfn: Pfn): u32 {
  while (true) {
    const head = headOf(pfn);
    const seen = loadWord(refsAt(head));
    if (seen == 0) return 0;
    // Losing means that another thread took or dropped a reference.
    if (casWord(refsAt(head), seen, seen + 1) != seen) continue;
    if (headOf(pfn) == head) return head;
    putHead(head);
  }
}

/** Takes a reference on a head that its owner's pointer led to. @returns false: free or frozen */
export function tryGetHead(head: u32): bool {
  let seen = loadWord(refsAt(head));
  while (seen != 0) {
    const found = casWord(refsAt(head), seen, seen + 1);
    if (found == seen) return true;
    seen = found;
  }
  return false;
}

/** Bars new references if there is one. */
export function freezeHead(head: u32): bool {
  return casWord(refsAt(head), 1, 0) == 1;
}

/**
 * Copies what is known of a frozen block of one page to the record of another page, and makes that
 * one live. What the old record says is left for `forgetPage`.
 *
 * @returns the new head
 */
export function inheritPage(head: u32, pfn: Pfn): u32 {
  const successor = structPageOf(pfn);
  record(successor).flags = loadWord(flagsAt(head));
  record(successor).order = 0;
  record(successor).owner = record(head).owner;
  storeWord(refsAt(successor), 1);
  return successor;
}

/** Leaves a frozen record as that of a free page. */
export function forgetPage(head: u32): void {
  storeWord(flagsAt(head), 0);
}

/**
 * Sets bits in the flags of whatever block a page is part of now. @returns whether it has an owner
 */
export function orFlags(pfn: Pfn, bits: u32): bool {
  const head = headOf(pfn);
  orWord(flagsAt(head), bits);
  return loadWord(refsAt(head)) != 0;
}

export function flagsOf(head: u32): u32 {
  return loadWord(flagsAt(head));
}

/** Where the records begin, for another thread. */
export function recordsAt(): u32 {
  return records;
}

export function useRecords(at: u32): void {
  records = at;
}

/**
 * Drops a reference; the last frees the block. Losing means that another thread moved the count.
 */
export function putHead(head: u32): void {
  let seen = loadWord(refsAt(head));
  while (true) {
    if (seen == 0) fail(FAULT_REFS, head);
    const found = casWord(refsAt(head), seen, seen - 1);
    if (found == seen) break;
    seen = found;
  }
  if (seen == 1) freeBlock(head);
}

/** Tails must be nobody's before their pages can be. */
function freeBlock(head: u32): void {
  const order = record(head).order;
  for (let i: u32 = 1; i < (<u32>1) << order; i++) {
    pokeWord(headAt(head + i * STRUCT_PAGE_BYTES), 0);
  }
  record(head).flags = 0;
  giveBlock(pfnOf(head), order);
}

/** One reference held. @returns whether the lock was free */
export function tryLockHead(head: u32): bool {
  const seen = loadWord(flagsAt(head));
  return (seen & LOCKED) == 0 && casWord(flagsAt(head), seen, seen | LOCKED) == seen;
}

export function unlockHead(head: u32): void {
  andWord(flagsAt(head), ~LOCKED);
}

/** Type and order of the block that a page is part of, by looking until two looks agree. */
export function describeOwner(pfn: Pfn): u32 {
  while (true) {
    const head = headOf(pfn);
    const type = loadWord(flagsAt(head)) >> TYPE_SHIFT;
    const order = loadWord(orderAt(head));
    if (headOf(pfn) == head) return type | (order << TYPE_SHIFT);
  }
}

/**
 * Splits a block into single pages with one reference each.
 *
 * @returns false when somebody else holds a reference
 */
export function splitBlock(head: u32): bool {
  if (casWord(refsAt(head), 1, 0) != 1) return false;
  const pages: u32 = 1 << record(head).order;
  for (let i: u32 = 1; i < pages; i++) {
    const page = head + i * STRUCT_PAGE_BYTES;
    record(page).flags = record(head).flags;
    record(page).order = 0;
    record(page).owner = record(head).owner;
    storeWord(headAt(page), 0);
    storeWord(refsAt(page), 1);
  }
  record(head).order = 0;
  storeWord(refsAt(head), 1);
  return true;
}
