/**
 * Folios: blocks of pages with a descriptor of their own. Anonymous ones, and those of users'
 * types.
 *
 * The plainest user of descriptors. All pages of the block hold the same word, so any of them leads
 * to the descriptor, and only the descriptor knows where the block is: who knows a folio by its
 * descriptor need not be told when it moves.
 *
 * Descriptor (32, 64 or 128 bytes): header · generation · owner words
 *   generation  another one with each life: tells a name that outlived its folio. Set before
 *               publish;
 *          read with a pin
 *   words  the user's: atomic, with a pin
 *
 * Life: descriptor from its cache → UNPUBLISHED → pages → page words → OWNED … disowned, last pin
 * gone → FROZEN|slot|0 → page words 0 → pages to frames → refs 0 → descriptor to its cache,
 * reusable at once: the cache is type-stable, and whoever comes with a stale pointer needs `tryGet`
 * and the recheck (memdesc/pin.ts).
 *
 * Death on the way: the descriptor is noted in the ledger from UNPUBLISHED until published, and
 * from the last reference until freed. Its pages are those whose words name it; the freeing is done
 * again from there (`freeFolio` asks each word). Pages whose words are 0 are frames' to find.
 */
import { selfSlot } from '../base/env';
import { ERR_ARGUMENT, ERR_BUSY, ERR_NO_MEMORY, ERR_NOT_FOUND } from '../base/fault';
import { Desc, MAX_ORDER, MEMDESC_STATE, Order, Pfn } from '../base/layout';
import { addWord, pokeWords } from '../base/words';
import { CLASS_MOVABLE, CLASS_UNMOVABLE } from '../frames/class';
import { giveBlock, takeBlock } from '../frames/frames';
import {
  FLAG_MOVABLE,
  freeze,
  Header,
  headerOf,
  initHeader,
  orderOf,
  publish,
  takeForFree,
  typeOf,
} from '../memdesc/header';
import { fillPageWords, pageWord, storePageWord } from '../memdesc/page-word';
import { MemdescState, unfreeze, wakePinners } from '../memdesc/pin';
import { note, strikeNote } from '../memdesc/pin-ledger';
import { isUserType, TYPE_ANON_FOLIO, TYPE_FILE_FOLIO, TYPE_FREE } from '../memdesc/type';
import { isRegistered, userType } from '../memdesc/user-type';
import {
  allocObject,
  CACHE_FOLIO,
  CACHE_FOLIO_64,
  CACHE_FOLIO_128,
  createCache,
  freeObject,
} from '../slab/kmem-cache';

@unmanaged
export class Folio extends Header {
  generation: u32;
}

export const FOLIO_BYTES: u32 = 32;
/** Owner words begin behind header and generation. */
export const OWNER_WORDS: u32 = 20;
/** Stamps are drawn from the zone so many at a time. */
const GENERATIONS: u32 = 64;
/** A generation and a descriptor's number (27 bits) make a name below 2^53. */
const STAMP_MASK: u32 = 0x3ff_ffff;
const NUMBER_BITS: u32 = 27;

/** Thread-local: the next generation; a multiple of GENERATIONS when there is none left. */
let nextGeneration: u32 = 0;

/** What names a folio in all threads, as long as it lives. */
export function nameWith(generation: u32, number: u32): u64 {
  return (u64(generation) << NUMBER_BITS) | u64(number);
}

/** The descriptor's number in a name, if it is one. */
export function numberIn(name: u64): u32 {
  return u32(name) & ((1 << NUMBER_BITS) - 1);
}

export function generationIn(name: u64): u32 {
  return u32(name >> NUMBER_BITS);
}

export function formatFolio(): void {
  createCache(CACHE_FOLIO, FOLIO_BYTES);
  createCache(CACHE_FOLIO_64, 64);
  createCache(CACHE_FOLIO_128, 128);
}

export function folioOf(desc: Desc): Folio {
  return changetype<Folio>(desc);
}

export function isFolioType(type: u32): bool {
  return type == TYPE_ANON_FOLIO || type == TYPE_FILE_FOLIO || isUserType(type);
}

/** Bytes of a descriptor of the type. */
export function folioBytes(type: u32): u32 {
  return isUserType(type) ? userType(type).descriptorBytes : FOLIO_BYTES;
}

function cacheFor(type: u32): u32 {
  const bytes = folioBytes(type);
  return bytes == FOLIO_BYTES ? CACHE_FOLIO : bytes == 64 ? CACHE_FOLIO_64 : CACHE_FOLIO_128;
}

function isMovable(type: u32): bool {
  return !isUserType(type) || userType(type).isMovable != 0;
}

function drawGeneration(): u32 {
  // From 1 on: a name is never just a number.
  if ((nextGeneration & (GENERATIONS - 1)) == 0) {
    nextGeneration = addWord(MEMDESC_STATE + offsetof<MemdescState>('generations'), GENERATIONS);
  }
  return ++nextGeneration & STAMP_MASK;
}

/**
 * Takes a descriptor for a folio of `type`, noted in the ledger and UNPUBLISHED, without pages.
 *
 * @returns it, or 0
 */
export function initFolio(type: u32, order: Order): Desc {
  const desc = allocObject(cacheFor(type));
  if (desc == 0) return 0;
  note(desc);
  initHeader(desc, type, order, 0);
  if (isMovable(type)) headerOf(desc).flags |= FLAG_MOVABLE;
  folioOf(desc).generation = drawGeneration();
  pokeWords(desc + OWNER_WORDS, (folioBytes(type) - OWNER_WORDS) >> 2, 0);
  return desc;
}

/** @returns the descriptor of a folio that the caller owns; or ERR_ARGUMENT; 0: no memory */
export function allocFolio(order: Order, type: u32): i32 {
  if (order >= MAX_ORDER) return ERR_ARGUMENT;
  if (type != TYPE_ANON_FOLIO && !isRegistered(type)) return ERR_ARGUMENT;
  const desc = initFolio(type, order);
  if (desc == 0) return ERR_NO_MEMORY;
  const pfn = takeBlock(order, isMovable(type) ? CLASS_MOVABLE : CLASS_UNMOVABLE);
  if (pfn == 0) {
    dropDescriptor(desc);
    return ERR_NO_MEMORY;
  }
  headerOf(desc).pfn = pfn;
  fillPageWords(pfn, 1 << order, desc | type);
  publish(desc);
  strikeNote(desc);
  return i32(desc >> 5);
}

/**
 * Frees a folio that nobody has pinned: with one exchange, where a pin, the owner's reference and
 * the pin again would be three. Frozen, it keeps its generation, so a name that is old is found out
 * in time.
 *
 * @returns 0; ERR_NOT_FOUND: another generation; ERR_BUSY: not in this way, nothing has changed
 */
export function freeUnpinned(desc: Desc, generation: u32): i32 {
  note(desc);
  if (!freeze(desc, 0)) {
    strikeNote(desc);
    return ERR_BUSY;
  }
  if (folioOf(desc).generation != generation) {
    // Nobody else drops what a frozen descriptor without pins has.
    unfreeze(desc);
    strikeNote(desc);
    return ERR_NOT_FOUND;
  }
  takeForFree(desc, selfSlot());
  wakePinners(desc);
  giveWhole(headerOf(desc).pfn, orderOf(desc));
  dropDescriptor(desc);
  return 0;
}

function giveWhole(pfn: Pfn, order: Order): void {
  fillPageWords(pfn, 1 << order, TYPE_FREE);
  giveBlock(pfn, order);
}

/**
 * For whoever took the last reference away, or goes on for one who did and died: the descriptor is
 * noted in this thread's ledger.
 */
export function freeFolio(desc: Desc): void {
  const word = desc | typeOf(desc);
  const pfn = headerOf(desc).pfn;
  const order = orderOf(desc);
  if (countNaming(pfn, order, word) == (<u32>1) << order) {
    giveWhole(pfn, order);
  } else {
    giveNaming(pfn, order, word);
  }
  dropDescriptor(desc);
}

/** Pages of a block whose words are `word`; none of a folio that has no pages yet. */
function countNaming(pfn: Pfn, order: Order, word: u32): u32 {
  let pages: u32 = 0;
  if (pfn == 0) return 0;
  for (let i: u32 = 0; i < (<u32>1) << order; i++) if (pageWord(pfn + i) == word) pages++;
  return pages;
}

/** Gives back, one by one, what is left of a block that was half-way in or out. */
function giveNaming(pfn: Pfn, order: Order, word: u32): void {
  if (pfn == 0) return;
  for (let i: u32 = 0; i < (<u32>1) << order; i++) {
    if (pageWord(pfn + i) != word) continue;
    storePageWord(pfn + i, TYPE_FREE);
    giveBlock(pfn + i, 0);
  }
}

function dropDescriptor(desc: Desc): void {
  const cache = cacheFor(typeOf(desc));
  freeObject(cache, desc);
  strikeNote(desc);
}
