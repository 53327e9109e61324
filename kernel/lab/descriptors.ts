/**
 * The kernel's own scheme for the lab: a word or two a page, and descriptors.
 *
 * These are the kernel's functions with as little around them as can be. `fill` makes blocks of
 * kinds that only their owners make in the kernel, to count what they cost: descriptors of their
 * caches, words of their types.
 */
import { Desc, Order, Pfn, superblock } from '../base/layout';
import { loadWord } from '../base/words';
import { FIGURE_MOVED } from '../compact/state';
import { beginEvacuation, compactFigure, compactStep, endCompaction } from '../exports/compaction';
import { allocFolio, folioOf, freeUnpinned } from '../folio/folio';
import { splitFolio } from '../folio/split';
import { CLASS_MOVABLE } from '../frames/class';
import { takeBlock } from '../frames/frames';
import { lockDesc, unlockDesc } from '../memdesc/desc-lock';
import { flagsAt, headerOf, initHeader, publish } from '../memdesc/header';
import { fillPageWords, miscWord, pageWord, wordDescriptor } from '../memdesc/page-word';
import { PIN_HELD, PIN_STATUS, pin, pinDescriptor } from '../memdesc/pin';
import {
  FIRST_USER_TYPE,
  MISC_USER,
  TYPE_ANON_FOLIO,
  TYPE_SLAB,
  TYPE_ZSPAGE,
} from '../memdesc/type';
import {
  allocObject,
  CACHE_FOLIO,
  CACHE_SLAB,
  CACHE_ZSPAGE,
  createCache,
  freeObject,
} from '../slab/kmem-cache';
import { dropPin } from '../zone/release';
import { ZSPAGE_DESC_BYTES } from '../zsmalloc/zspage';
import { KIND_BARE, KIND_SLAB, KIND_ZSPAGE } from './kind';

/** Type and order stand in the low bits of the flags. */
const TYPE_AND_ORDER: u32 = 0x1ff;

export function formatDescriptors(): void {
  createCache(CACHE_ZSPAGE, ZSPAGE_DESC_BYTES);
}

/** Bytes of the page map. */
export function mapBytes(): u32 {
  const words: u32 = isDefined(PAGELESS_TWO_WORD) ? 2 : 1;
  return superblock().pageCount * words * 4;
}

export function alloc(order: Order): u32 {
  const folio = allocFolio(order, TYPE_ANON_FOLIO);
  return folio < 0 ? 0 : folio << 5;
}

/** As the kernel's face does it: by name, because others may come first. */
export function free(desc: Desc): void {
  freeUnpinned(desc, folioOf(desc).generation);
}

export function pageOf(desc: Desc): u32 {
  return headerOf(desc).pfn;
}

export function lookup(pfn: Pfn): u32 {
  return wordDescriptor(pageWord(pfn));
}

/** @returns the descriptor, or 0 @inline */
export function pinPage(pfn: Pfn): u32 {
  const answer = pin(pfn);
  return (answer & PIN_STATUS) == PIN_HELD ? answer : 0;
}

/** As the kernel's face does it, without its checks. @inline */
export function unpinBlock(desc: Desc): void {
  dropPin(desc);
}

export function lockBlock(desc: Desc): void {
  lockDesc(desc);
}

export function unlockBlock(desc: Desc): void {
  unlockDesc(desc);
}

/** By looking until two looks agree; a page without a descriptor answers with its word. */
export function ownerOf(pfn: Pfn): u32 {
  while (true) {
    const word = pageWord(pfn);
    const desc = wordDescriptor(word);
    if (desc == 0) return word;
    const found = loadWord(flagsAt(desc)) & TYPE_AND_ORDER;
    if (pageWord(pfn) == word) return found;
  }
}

/** Into single pages, as the kernel's face does it: pinned and locked. */
export function splitToPages(desc: Desc): bool {
  pinDescriptor(desc);
  lockDesc(desc);
  const failure = splitFolio(desc, 0, 0);
  unlockDesc(desc);
  dropPin(desc);
  return failure == 0;
}

/** As `Arena.evacuate` does it, without its report. */
export function evacuate(first: u32, pages: u32): u32 {
  if (beginEvacuation(first, pages) != 0) unreachable();
  while (compactStep() > 0);
  const moved = compactFigure(FIGURE_MOVED);
  while (!endCompaction());
  return moved;
}

export function allocDescriptor(): u32 {
  return allocObject(CACHE_FOLIO);
}

export function freeDescriptor(desc: Desc): void {
  freeObject(CACHE_FOLIO, desc);
}

/** Of a type that nobody has registered: it is not moved, since the stage stays where it is. */
export function describePage(pfn: Pfn): bool {
  const desc = allocObject(CACHE_FOLIO);
  if (desc == 0) return false;
  initHeader(desc, FIRST_USER_TYPE, 0, pfn);
  fillPageWords(pfn, 1, desc | FIRST_USER_TYPE);
  publish(desc);
  return true;
}

export function fillOne(kind: u32, order: Order, chain: u32): bool {
  let word = miscWord(order, MISC_USER);
  if (kind != KIND_BARE) {
    const desc = initOfKind(kind, order);
    if (desc == 0) return false;
    word = desc | typeOfKind(kind);
  }
  for (let i: u32 = 0; i < chain; i++) if (!takeNaming(order, word)) return false;
  if (kind != KIND_BARE) publish(wordDescriptor(word));
  return true;
}

function typeOfKind(kind: u32): u32 {
  return kind == KIND_ZSPAGE ? TYPE_ZSPAGE : kind == KIND_SLAB ? TYPE_SLAB : TYPE_ANON_FOLIO;
}

function initOfKind(kind: u32, order: Order): u32 {
  const cache = kind == KIND_ZSPAGE ? CACHE_ZSPAGE : kind == KIND_SLAB ? CACHE_SLAB : CACHE_FOLIO;
  const desc = allocObject(cache);
  if (desc != 0) initHeader(desc, typeOfKind(kind), order, 0);
  return desc;
}

function takeNaming(order: Order, word: u32): bool {
  const pfn = takeBlock(order, CLASS_MOVABLE);
  if (pfn == 0) return false;
  fillPageWords(pfn, 1 << order, word);
  return true;
}
