/**
 * What a zone looks like: figures and page descriptions, decoded for people. Reads, never writes.
 */

import type { KernelExports } from '../border/kernel.ts';
import * as facts from '../generated/facts.ts';
import { type Counters, readCounters } from './counters.ts';
import { userTypeName, uses } from './uses.ts';

export interface PageDescription {
  pfn: number;
  use: string;
  /** log2 of the block's pages. */
  order?: number;
  /** Address of the memory descriptor, where the page has one; what follows is the descriptor's. */
  descriptor?: number;
  /** First page of the block, of all but zspages, whose pages are scattered. */
  first?: number;
  pins?: number;
  /** False when it was freed and only its pins keep it. */
  isOwned?: boolean;
  isMovable?: boolean;
  /** Slot of the thread that has it locked. */
  lockedBy?: number;
  /** Slot of the thread that is moving, splitting or freeing it. */
  frozenBy?: number;
  /** The cache of a slab, the size class of a zspage. */
  group?: number;
  /** The first three owner words of a folio. */
  ownerWords?: number[];
  /** It kept changing while it was looked at. */
  isFaithful?: false;
}

export interface LimboReport {
  indexPages: number;
  values: number;
  zspages: number;
  objects: number;
  slabs: number;
}

export interface ZoneReport extends Counters {
  bytes: number;
  pages: number;
  freePages: number;
  /** Page counts by use, from the page map; uses without a page are left out. */
  pagesByUse: Record<string, number>;
  /** Superblock, slots, page map and frame metadata. */
  fixedMetadataBytes: number;
  fixedMetadataShare: number;
  /** Threads that are attached, the supervisor included once it runs. */
  threads: number;
  /**
   * Whether deaths are noticed at once: by a supervisor, or in a browser by a lock that every
   * attached thread holds. Else they are noticed late, at an exit event, or not at all.
   */
  isSupervised: boolean;
  entries: number;
  keyBytes: number;
  valueBytes: number;
  /** Bytes of compressed objects, rounded up to their size classes; keys included. */
  objectBytes: number;
  /** Pages that hold objects, handles and the index, in bytes. */
  storedBytes: number;
  /** valueBytes and keyBytes over storedBytes. */
  compressionRatio: number;
  /** Objects that wait for a grace period, by kind. */
  limbo: LimboReport;
}

/** Takes no reference; of a page that changes meanwhile the picture is marked. */
export function describePage(
  kernel: KernelExports,
  memory: WebAssembly.Memory,
  pfn: number,
): PageDescription {
  kernel.describePage(pfn);
  const seen = new Uint32Array(memory.buffer, kernel.window() >>> 0, facts.MAILBOX_BYTES / 4);
  return describeSeen(kernel, memory, pfn, seen);
}

/** Puts into words what was seen of a page: the kernel's fields DESCRIBED_…. */
export function describeSeen(
  names: TypeNames,
  memory: WebAssembly.Memory,
  pfn: number,
  seen: Uint32Array,
): PageDescription {
  const word = seen[facts.DESCRIBED_WORD]!;
  const described = describeWord(names, memory, pfn, word);
  if (seen[facts.DESCRIBED_FAITHFUL] === 0) described.isFaithful = false;
  return described.descriptor === undefined ? described : { ...described, ...describeDesc(seen) };
}

type TypeNames = Pick<KernelExports, 'typeNameAt'>;

/** What the descriptor says. */
function describeDesc(seen: Uint32Array): Partial<PageDescription> {
  const flags = seen[facts.DESCRIBED_FLAGS]!;
  const refs = seen[facts.DESCRIBED_REFS]!;
  const type = flags & facts.TYPE_MASK;
  const isFolio = type !== facts.TYPE_SLAB && type !== facts.TYPE_ZSPAGE;
  return {
    ...(type === facts.TYPE_ZSPAGE ? {} : { first: seen[facts.DESCRIBED_FIRST]! }),
    order: (flags >>> facts.ORDER_SHIFT) & 15,
    pins: refs & facts.PIN_MASK,
    isOwned: (refs & facts.OWNED) !== 0,
    isMovable: (flags & facts.FLAG_MOVABLE) !== 0,
    ...(flags & facts.LOCKED ? { lockedBy: (flags >>> facts.OWNER_SHIFT) & 255 } : {}),
    ...(refs & facts.FROZEN ? { frozenBy: (refs >>> facts.SLOT_SHIFT) & 255 } : {}),
    ...(isFolio
      ? { ownerWords: [...seen.subarray(facts.DESCRIBED_OWNER).subarray(0, facts.SHOWN_WORDS)] }
      : { group: seen[facts.DESCRIBED_GROUP]! }),
  };
}

function describeWord(
  kernel: TypeNames,
  memory: WebAssembly.Memory,
  pfn: number,
  word: number,
): PageDescription {
  const type = word & facts.TYPE_MASK;
  const isMisc = type === facts.TYPE_MISC;
  const subtype = isMisc ? (word >>> facts.MISC_SUBTYPE_SHIFT) & 255 : 0;
  const known = uses.find(([, t, s]) => t === type && s === subtype);
  const isUsers = type >= facts.FIRST_USER_TYPE && kernel.typeNameAt(type) !== 0;
  const name = isUsers ? userTypeName(kernel, memory, type) : (known?.[0] ?? `type ${type}`);
  const described: PageDescription = { pfn, use: name };
  if (type >= facts.FIRST_DESCRIPTOR_TYPE) described.descriptor = (word & ~facts.TYPE_MASK) >>> 0;
  else if (isMisc) described.order = (word >>> facts.MISC_ORDER_SHIFT) & 15;
  return described;
}

function pagesByUse(kernel: KernelExports): Record<string, number> {
  const counts = uses.map(([name, type, subtype]) => [name, kernel.countPagesOf(type, subtype)]);
  return Object.fromEntries(counts.filter(([, pages]) => pages !== 0));
}

/** In this order the page is told of them, too. */
export function reportLimbo(kernel: Pick<KernelExports, 'limboOf'>): LimboReport {
  return {
    indexPages: kernel.limboOf(facts.LIMBO_INDEX),
    values: kernel.limboOf(facts.LIMBO_VALUE),
    zspages: kernel.limboOf(facts.LIMBO_ZSPAGE),
    objects: kernel.limboOf(facts.LIMBO_OBJECT),
    slabs: kernel.limboOf(facts.LIMBO_KINDS),
  };
}

export function reportZone(kernel: KernelExports): ZoneReport {
  const pages = kernel.pageCount();
  const fixed = kernel.firstPfn();
  const byUse = pagesByUse(kernel);
  const stored = (byUse.zspage ?? 0) + (byUse.slab ?? 0) + (byUse.index ?? 0);
  const storedBytes = stored * facts.PAGE_BYTES;
  const payload = kernel.valueBytes() + kernel.keyBytes();
  return {
    bytes: pages * facts.PAGE_BYTES,
    pages,
    freePages: kernel.freePagesNow(),
    pagesByUse: byUse,
    fixedMetadataBytes: fixed * facts.PAGE_BYTES,
    fixedMetadataShare: fixed / pages,
    threads: kernel.liveThreads(),
    isSupervised: kernel.isSupervised() !== 0,
    entries: kernel.entryCount(),
    keyBytes: kernel.keyBytes(),
    valueBytes: kernel.valueBytes(),
    objectBytes: kernel.zsObjectBytes(),
    storedBytes,
    compressionRatio: storedBytes === 0 ? 0 : payload / storedBytes,
    ...readCounters((which) => kernel.counter(which)),
    limbo: reportLimbo(kernel),
  };
}
