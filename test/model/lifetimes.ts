/**
 * Which memory of a zone may be touched: the judge of the kernel's pages and objects.
 *
 *   page         its frame bit is set, and no stock holds it; else nobody may touch it, not even
 *                atomically: stale pointers are followed in sections only, and a page goes back
 *                after the grace period
 *   slab object  its state byte says IN_USE: in a sheaf it is as free as in its slab. Some may be
 *                looked at atomically when they are free: the refs of folio and slab descriptors,
 *                which are reused at once, by `pin`, and of zspages, by who counts them; a slab's
 *                group; and cells, by a read that goes on in its next call (kernel/store/entry.ts),
 *                or whose handle is stale; and the header of anything, by who describes a page
 *   zs object    its bit in the zspage is set; a page that is moved is copied whole
 *
 * Bits and states are set before an allocator returns, and cleared as the last thing that is done
 * for an object.
 */
import * as facts from '../../src/generated/facts.ts';
import { bytesOf, offsetOf } from '../support/structures.ts';
import type { Judge, Look, Site } from './engine/index.ts';

const WHOLE = facts.PAGE_BYTES - 1;
const frameBits = offsetOf('Superblock', 'frameBits');
const firstPfn = offsetOf('Superblock', 'firstPfn');
const highest = facts.THREADS_STATE + offsetOf('ThreadsState', 'highest');
const ownPage = offsetOf('ThreadSlot', 'page');
const stocks = offsetOf('FramesOwn', 'stock0');
/** In a slab its cache. */
const cacheAt = offsetOf('ListedDesc', 'cache');
const slabStates = offsetOf('Slab', 'states');
const caches = facts.CACHE_TABLE;
const cacheRecord = bytesOf('KmemCache');
const cacheBytes = offsetOf('KmemCache', 'objectBytes');
const cachePerSlab = offsetOf('KmemCache', 'perSlab');
/** A zspage's class stands where others have the page number; its page list comes from the back. */
const zspageHome = offsetOf('Header', 'pfn');
const zspageBits = offsetOf('Zspage', 'bits');
const zsShapes = facts.ZS_STATE + offsetOf('ZsState', 'shapes');
const refs = offsetOf('Header', 'refs');

function isSet(look: Look, bits: number, index: number): boolean {
  return ((look((bits >>> 2) + (index >>> 5)) >>> (index & 31)) & 1) !== 0;
}

function halfAt(words: Uint32Array, address: number): number {
  return (words[address >>> 2]! >>> ((address & 2) * 8)) & 0xffff;
}

function isInUse(look: Look, state: number): boolean {
  return ((look(state >>> 2) >>> ((state & 3) * 8)) & 255) === facts.IN_USE;
}

/** Recovery looks at every object of a slab, free or not: nobody else is there, and types stay. */
const looksAtAll = /\/slab\/recover\//;
/** Whoever describes a page takes no reference: what it copies of a header is looked at again. */
const describes = /\/(describePage|poisonPage)$/m;

/** What the functions of a site may do, looked up once. */
interface Licence {
  site: Site;
  looksAtAll: boolean;
  moves: boolean;
  describes: boolean;
}
/** By the site's number; of the kernel that was judged last. */
const licences: Licence[] = [];

function licenceOf(site: Site): Licence {
  const known = licences[site.id];
  if (known?.site === site) return known;
  const { functionName } = site;
  const licence = {
    site,
    looksAtAll: looksAtAll.test(functionName),
    moves: functionName.includes('/compact/migrate/'),
    describes: describes.test(functionName),
  };
  licences[site.id] = licence;
  return licence;
}

export const judgeKernelAccess: Judge = (words, address, length, site, look) => {
  const last = address + length - 1;
  const lastPage = last >>> facts.PAGE_SHIFT;
  const first = words[firstPfn >>> 2]!;
  // What describes the zone is always there: half of all accesses.
  if (lastPage < first) return '';
  const { atomic } = site;
  const may = licenceOf(site);
  if (may.looksAtAll) return '';
  for (let pfn = Math.max(address >>> facts.PAGE_SHIFT, first); pfn <= lastPage; pfn++) {
    const isFree = !isSet(look, words[frameBits >>> 2]!, pfn) || isStocked(look, pfn);
    if (isFree) return `page ${pfn}, which is free`;
  }
  if (length === facts.PAGE_BYTES && may.moves) return '';
  if (atomic && may.describes) return '';
  const complaint = judgeObject(words, look, address, atomic);
  const isWhole =
    length === 1 || (isPlain(words, address) && address >>> facts.PAGE_SHIFT === lastPage);
  return complaint !== '' || isWhole ? complaint : judgeObject(words, look, last, atomic);
};

/** Whether nothing of the page is anybody's by itself. */
function isPlain(words: Uint32Array, address: number): boolean {
  const type = words[(facts.PAGE_MAP >>> 2) + (address >>> facts.PAGE_SHIFT)]! & facts.TYPE_MASK;
  return type !== facts.TYPE_SLAB && type !== facts.TYPE_ZSPAGE;
}

/** Whether a thread has the page in stock; such a page has no word. */
function isStocked(look: Look, pfn: number): boolean {
  if (look((facts.PAGE_MAP >>> 2) + pfn) !== 0) return false;
  for (let slot = 1; slot <= look(highest >>> 2); slot++) {
    const own = facts.SLOT_TABLE + slot * facts.SLOT_BYTES;
    for (let stock = 0; stock < facts.STOCKS; stock++) {
      const count = look((own + facts.SLOT_FRAMES + stocks + stock * 4) >>> 2) & 0xffff;
      const first = (look((own + ownPage) >>> 2) + stockEntries(stock)) >>> 2;
      for (let at = first; at < first + count; at++) {
        if (pfn >= look(at) && pfn < look(at) + 2 ** (stock >> 1)) return true;
      }
    }
  }
  return false;
}

/** Where the entries of a stock begin in a thread's page, as kernel/frames/stock.ts places them. */
function stockEntries(stock: number): number {
  const region = (stock & 1) * facts.STOCK_REGION;
  return region + facts.STOCK_REGION - (facts.STOCK_REGION >> (stock >> 1));
}

/** What is wrong about one byte of a page that is in use. */
function judgeObject(words: Uint32Array, look: Look, address: number, atomic: boolean): string {
  const pfn = address >>> facts.PAGE_SHIFT;
  const word = look((facts.PAGE_MAP >>> 2) + pfn);
  const desc = word & ~facts.TYPE_MASK;
  switch (word & facts.TYPE_MASK) {
    case facts.TYPE_SLAB:
      return judgeSlabObject(words, look, address, desc, atomic);
    case facts.TYPE_ZSPAGE:
      return judgeZsObject(words, look, address, desc);
    default:
      return '';
  }
}

function judgeSlabObject(
  words: Uint32Array,
  look: Look,
  address: number,
  desc: number,
  atomic: boolean,
): string {
  // A slab that describes itself sets its own bit last; as long as its word is there, it is there.
  if (address >= desc && address < desc + facts.SLAB_DESC_BYTES) return '';
  const cache = (words[(desc + cacheAt) >>> 2]! & ~facts.RETIRED) >>> 0;
  const bytes = words[(caches + cache * cacheRecord + cacheBytes) >>> 2]!;
  const offset = address & WHOLE;
  const index = Math.floor(offset / bytes);
  if (index >= halfAt(words, caches + cache * cacheRecord + cachePerSlab)) return '';
  if (isInUse(look, words[(desc + slabStates) >>> 2]! + index)) return '';
  const inside = offset - index * bytes;
  const isFolio = cache >= facts.CACHE_FOLIO && cache <= facts.CACHE_FOLIO_128;
  const isRefs = inside >= refs && inside < refs + 4;
  const isCache = inside >= cacheAt && inside < cacheAt + 4;
  const isStable =
    cache === facts.CACHE_SLAB
      ? isRefs || isCache
      : (isFolio || cache === facts.CACHE_ZSPAGE) && isRefs;
  if (atomic && (isStable || cache === facts.CACHE_CELL)) return '';
  return `object ${index} of a slab of cache ${cache}, which is free`;
}

function judgeZsObject(words: Uint32Array, look: Look, address: number, desc: number): string {
  const first = (desc + facts.ZSPAGE_DESC_BYTES - 4) >>> 2;
  const sizeClass = words[(desc + zspageHome) >>> 2]! & facts.ZSPAGE_CLASS_MASK;
  // As kernel/zsmalloc/size-class.ts packs it.
  const shape = words[(words[zsShapes >>> 2]! >>> 2) + sizeClass]!;
  const [bytes, chain, objects] = [shape & 0x1fff, (shape >>> 13) & 31, shape >>> 18];
  let k = 0;
  while (words[first - k] !== address >>> facts.PAGE_SHIFT) if (++k === chain) return '';
  const index = Math.floor((k * facts.PAGE_BYTES + (address & WHOLE)) / bytes);
  const isUsed = index < objects && isSet(look, desc + zspageBits, index);
  return isUsed ? '' : `object ${index} of a zspage, which is free`;
}
