/**
 * Looks for whoever is not attached: no slot, no section, no lock, no store.
 *
 * An observer is an instance of kernel/observer.ts over a zone's memory; it never attaches. It has
 * no page of its own to be answered in, so what it has seen stands in WebAssembly globals, which
 * are each instance's own, and is asked for field by field. Figures of statistics.ts need no slot
 * either.
 *
 * Nothing keeps what it looks at: a descriptor may be freed, and its page become anything, between
 * two loads. So every look is a hint: addresses are bounded before they are followed, loops are
 * bounded, and a page that changed while it was looked at is marked. A halted world, a poisoned
 * zone, an image: all the same to it.
 */
import { PAGE_BYTES, PAGE_SHIFT, Pfn, pageAddress, superblock } from '../base/layout';
import { loadWord } from '../base/words';
import { isFolioType, OWNER_WORDS } from '../folio/folio';
import { ListedDesc } from '../memdesc/desc-list';
import { COUNT_MASK, flagsAt, pfnAt, refsAt, UNPUBLISHED } from '../memdesc/header';
import { pageWord, wordDescriptor, wordType } from '../memdesc/page-word';
import { TYPE_SLAB, TYPE_ZSPAGE } from '../memdesc/type';
import { CACHES, cacheOf, SlabState, slabState } from '../slab/cache';
import { CACHE_ZSPAGE, isInSlabOf } from '../slab/kmem-cache';
import { Sheaf } from '../slab/sheaf';
import { figureOf } from '../slab/statistics';
import { classCount, shapeBytes, shapeObjects, shapeOf, shapePages } from '../zsmalloc/size-class';
import { countHeld, countUsed, zspageClass } from '../zsmalloc/zspage';
import {
  DESCRIBED_FAITHFUL,
  DESCRIBED_FIRST,
  DESCRIBED_FLAGS,
  DESCRIBED_GROUP,
  DESCRIBED_REFS,
  DESCRIBED_WORD,
  isStill,
  SHOWN_WORDS,
} from './describe';

const TRIES: u32 = 5;
/** Bytes of the smallest descriptor, which are what is looked at. */
const SMALLEST_DESC: u32 = 32;
/** More sheaves than 255 threads have of all caches: a list that is longer is being changed. */
const MAX_SHEAVES: u32 = 65536;

/** What `observedClass` can be asked for. */
export const OBSERVED_CLASS_BYTES: u32 = 0;
export const OBSERVED_CLASS_PAGES: u32 = 1;
export const OBSERVED_CLASS_OBJECTS: u32 = 2;

/** What `observeZspage` packs: class:9 · pages held:5 (9–13) · objects in use:9 (14–22). */
export const OBSERVED_HELD_SHIFT: u32 = 9;
export const OBSERVED_USED_SHIFT: u32 = 14;

// What the last `observePage` saw: this instance's own.
let word: u32 = 0;
let flags: u32 = 0;
let refs: u32 = 0;
let first: u32 = 0;
let group: u32 = 0;
let owner0: u32 = 0;
let owner1: u32 = 0;
let owner2: u32 = 0;
let isFaithful: bool = false;

/** Whether `bytes` from an address lie in the zone: what is there may be anything. */
function isInZone(at: u32, bytes: u32): bool {
  return at >= PAGE_BYTES && u64(at) + u64(bytes) <= u64(superblock().pageCount) << PAGE_SHIFT;
}

/** Looks at a page; `observed` says what was seen. One beyond the end looks free. */
export function observePage(pfn: Pfn): void {
  isFaithful = false;
  for (let round: u32 = 0; round < TRIES && !isFaithful; round++) isFaithful = look(pfn);
}

function look(pfn: Pfn): bool {
  word = pfn < superblock().pageCount ? pageWord(pfn) : 0;
  const desc = wordDescriptor(word);
  if (desc == 0) return true;
  if (!isInZone(desc, SMALLEST_DESC)) return false;
  flags = loadWord(flagsAt(desc));
  refs = loadWord(refsAt(desc));
  first = loadWord(pfnAt(desc));
  group = 0;
  if (wordType(word) == TYPE_SLAB) group = loadWord(desc + offsetof<ListedDesc>('cache'));
  if (wordType(word) == TYPE_ZSPAGE) group = zspageClass(desc);
  const isFolio = isFolioType(wordType(word));
  owner0 = isFolio ? loadWord(desc + OWNER_WORDS) : 0;
  owner1 = isFolio ? loadWord(desc + OWNER_WORDS + 4) : 0;
  owner2 = isFolio ? loadWord(desc + OWNER_WORDS + 8) : 0;
  // As in describe.ts: a folio without pages was unpublished.
  if (isFolio && first == 0) return false;
  return isStill(pfn, word, desc, refs, flags);
}

/** A field, DESCRIBED_…, of what the last `observePage` of this instance saw. */
export function observed(field: u32): u32 {
  switch (field) {
    case DESCRIBED_WORD:
      return word;
    case DESCRIBED_FLAGS:
      return flags;
    case DESCRIBED_REFS:
      return refs;
    case DESCRIBED_FIRST:
      return first;
    case DESCRIBED_GROUP:
      return group;
    case DESCRIBED_FAITHFUL:
      return u32(isFaithful);
    default:
      return ownerWord(field - DESCRIBED_FAITHFUL - 1);
  }
}

function ownerWord(index: u32): u32 {
  if (index >= SHOWN_WORDS) return 0;
  return index == 0 ? owner0 : index == 1 ? owner1 : owner2;
}

/** Of a size class of zsmalloc: OBSERVED_CLASS_…; 0 for a class that there is not. */
export function observedClass(sizeClass: u32, figure: u32): u32 {
  if (sizeClass >= classCount()) return 0;
  const shape = shapeOf(sizeClass);
  if (figure == OBSERVED_CLASS_BYTES) return shapeBytes(shape);
  return figure == OBSERVED_CLASS_PAGES ? shapePages(shape) : shapeObjects(shape);
}

/** The first page from `pfn` on that is a slab of zspage descriptors; 0 if there is none. */
export function nextZspageSlab(pfn: Pfn): u32 {
  for (; pfn < superblock().pageCount; pfn++) {
    const seen = pageWord(pfn);
    if (wordType(seen) != TYPE_SLAB || !isInZone(wordDescriptor(seen), SMALLEST_DESC)) continue;
    if (isInSlabOf(CACHE_ZSPAGE, pageAddress(pfn))) return pfn;
  }
  return 0;
}

/** A zspage in a slab's page, by index: packed, or −1 if there is none. */
export function observeZspage(pfn: Pfn, index: u32): i32 {
  const record = cacheOf(CACHE_ZSPAGE);
  const desc = pageAddress(pfn) + index * record.objectBytes;
  if (index >= u32(record.perSlab) || !isInZone(desc, record.objectBytes)) return -1;
  const seen = loadWord(refsAt(desc));
  if ((seen & UNPUBLISHED) != 0 || (seen & COUNT_MASK) == 0) return -1;
  const sizeClass = zspageClass(desc);
  if (sizeClass >= classCount()) return -1;
  const used = countUsed(desc);
  return sizeClass | (countHeld(desc) << OBSERVED_HELD_SHIFT) | (used << OBSERVED_USED_SHIFT);
}

/** Of a cache of objects, FIGURE_… of slab/statistics.ts, counted without its lock. */
export function observedSlab(cache: u32, figure: u32): u32 {
  if (cache >= CACHES) return 0;
  return figureOf(cacheOf(cache), figure, sheavedObjects(cache));
}

function sheavedObjects(cache: u32): u32 {
  let objects: u32 = 0;
  let sheaf = loadWord(changetype<usize>(slabState()) + offsetof<SlabState>('sheaves'));
  for (let i: u32 = 0; sheaf != 0 && i < MAX_SHEAVES; i++) {
    if (!isInZone(sheaf, offsetof<Sheaf>())) break;
    const isOurs = loadWord(sheaf + offsetof<Sheaf>('cache')) == cache;
    if (isOurs) objects += loadWord(sheaf + offsetof<Sheaf>('count'));
    sheaf = loadWord(sheaf + offsetof<Sheaf>('chain'));
  }
  return objects;
}
