/**
 * The scheme under measurement, chosen when the lab is compiled: descriptors with one word a page
 * (nothing said), with two (PAGELESS_TWO_WORD), or records of 64 bytes a page
 * (PAGELESS_STRUCT_PAGE).
 *
 * A *block* is what stands for an allocation: the address of its descriptor, or of its head's
 * record. Nothing is dispatched at run time.
 */
import { Order, Pfn, superblock } from '../base/layout';
import { CLASS_MOVABLE } from '../frames/class';
import { takeBlock } from '../frames/frames';
import * as desc from './descriptors';
import * as page from './struct-page';

/** @returns false without memory */
export function formatScheme(): bool {
  if (isDefined(PAGELESS_STRUCT_PAGE)) return page.formatStructPages();
  desc.formatDescriptors();
  return true;
}

/** Bytes that describe pages and are there for ever. */
export function mapBytes(): u32 {
  if (isDefined(PAGELESS_STRUCT_PAGE)) return superblock().pageCount * page.STRUCT_PAGE_BYTES;
  return desc.mapBytes();
}

/** Takes pages and describes them as a folio. @returns the block with one reference, or 0 */
export function alloc(order: Order): u32 {
  if (isDefined(PAGELESS_STRUCT_PAGE)) {
    const pfn = takeBlock(order, CLASS_MOVABLE);
    return pfn == 0 ? 0 : page.describeBlock(pfn, order, page.FOLIO, 0);
  }
  return desc.alloc(order);
}

/** Gives up the reference that `alloc` returned, and the pages with it. */
export function free(block: u32): void {
  if (isDefined(PAGELESS_STRUCT_PAGE)) page.putHead(block);
  else desc.free(block);
}

/** First page of a block. */
export function pageOf(block: u32): u32 {
  return isDefined(PAGELESS_STRUCT_PAGE) ? page.pfnOf(block) : desc.pageOf(block);
}

/** The block that a page belongs to now: a hint. */
export function lookup(pfn: Pfn): u32 {
  return isDefined(PAGELESS_STRUCT_PAGE) ? page.headOf(pfn) : desc.lookup(pfn);
}

/** Takes a reference on the block that a page belongs to. @returns it; 0: there is none @inline */
export function pin(pfn: Pfn): u32 {
  return isDefined(PAGELESS_STRUCT_PAGE) ? page.getPage(pfn) : desc.pinPage(pfn);
}

/** Gives up a reference that `pin` returned. @inline */
export function unpin(block: u32): void {
  if (isDefined(PAGELESS_STRUCT_PAGE)) page.putHead(block);
  else desc.unpinBlock(block);
}

/** Reference held. */
export function lock(block: u32): void {
  if (isDefined(PAGELESS_STRUCT_PAGE)) {
    if (!page.tryLockHead(block)) unreachable();
  } else {
    desc.lockBlock(block);
  }
}

export function unlock(block: u32): void {
  if (isDefined(PAGELESS_STRUCT_PAGE)) page.unlockHead(block);
  else desc.unlockBlock(block);
}

/** Splits a block that nobody else has into pages. @returns success */
export function split(block: u32): bool {
  return isDefined(PAGELESS_STRUCT_PAGE) ? page.splitBlock(block) : desc.splitToPages(block);
}

/** Moves the blocks out of a range, where they can be moved. Not in a call. @returns pages moved */
export function evacuate(first: u32, pages: u32): u32 {
  return isDefined(PAGELESS_STRUCT_PAGE) ? 0 : desc.evacuate(first, pages);
}

/** Type and order of the block that a page belongs to, without a reference. */
export function ownerOf(pfn: Pfn): u32 {
  return isDefined(PAGELESS_STRUCT_PAGE) ? page.describeOwner(pfn) : desc.ownerOf(pfn);
}

/** Describes a page that the caller has as a folio. @returns false without memory */
export function describePage(pfn: Pfn): bool {
  if (isDefined(PAGELESS_STRUCT_PAGE)) return page.describeBlock(pfn, 0, page.FOLIO, 0) != 0;
  return desc.describePage(pfn);
}

/** A descriptor without pages, where there are descriptors. @returns it, or 0 */
export function allocDescriptor(): u32 {
  return isDefined(PAGELESS_STRUCT_PAGE) ? 0 : desc.allocDescriptor();
}

export function freeDescriptor(block: u32): void {
  if (!isDefined(PAGELESS_STRUCT_PAGE)) desc.freeDescriptor(block);
}

/**
 * Takes and describes `chain` times 2^order pages as one block of a kind. With records each page of
 * a chain is a block of its own, and what is known of the chain stands in the first one's record.
 *
 * @returns success
 */
export function fillOne(kind: u32, order: Order, chain: u32): bool {
  if (!isDefined(PAGELESS_STRUCT_PAGE)) return desc.fillOne(kind, order, chain);
  let first: u32 = 0;
  for (let i: u32 = 0; i < chain; i++) {
    const pfn = takeBlock(order, CLASS_MOVABLE);
    if (pfn == 0) return false;
    const block = page.describeBlock(pfn, order, kind, first);
    if (i == 0) first = block;
  }
  return true;
}
