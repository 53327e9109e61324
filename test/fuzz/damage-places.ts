/**
 * Where a cache's metadata stands, kind by kind: state records, slots, tables of the zone, and the
 * pages that hold anything but users' bytes. Lines of 64 bytes in which nothing stands are left
 * out.
 */

import * as facts from '../../src/generated/facts.ts';
import type { SharedCache } from '../../src/index.ts';
import { seeded } from '../support/seeded.ts';

const LINE_BYTES = 64;
const LINE_BITS = LINE_BYTES * 8;
const PAGE_BYTES = 4096;
/** Creator, supervisor, who damages, and one more. */
const SLOTS = 4;

interface Range {
  kind: string;
  from: number;
  to: number;
}

function fixedRanges(pages: number, firstPfn: number): Range[] {
  const mapEnd = facts.PAGE_MAP + 4 * pages;
  return [
    { kind: 'records of the floors', from: 0, to: facts.SLOT_TABLE },
    {
      kind: 'slots of threads',
      from: facts.SLOT_TABLE + facts.SLOT_BYTES,
      to: facts.SLOT_TABLE + (SLOTS + 1) * facts.SLOT_BYTES,
    },
    { kind: 'table of caches', from: facts.CACHE_TABLE, to: facts.PAGE_MAP },
    { kind: 'page words', from: facts.PAGE_MAP, to: mapEnd },
    { kind: 'bits and counters of frames', from: mapEnd, to: firstPfn * PAGE_BYTES },
  ];
}

/** Addresses of the lines in which something stands, or nothing, by kind. */
export function metadataLines(cache: SharedCache, isEmpty = false): Map<string, number[]> {
  const { arena } = cache;
  const bytes = new Uint8Array(arena.memory.buffer);
  const pages = arena.kernel.pageCount();
  const firstPfn = arena.kernel.firstPfn();
  const ranges = fixedRanges(pages, firstPfn);
  for (let pfn = firstPfn; pfn < pages; pfn++) {
    const { use } = arena.describe(pfn);
    const from = pfn * PAGE_BYTES;
    if (use !== 'free') ranges.push({ kind: use, from, to: from + PAGE_BYTES });
  }
  const lines = new Map<string, number[]>();
  for (const { kind, from, to } of ranges) {
    const own = lines.get(kind) ?? [];
    lines.set(kind, own);
    for (let at = from; at < to; at += LINE_BYTES) {
      const isNothing = bytes.subarray(at, at + LINE_BYTES).every((byte) => byte === 0);
      if (isNothing === isEmpty) own.push(at);
    }
  }
  return lines;
}

/** Some bits of each kind of metadata, `each` or all if they are fewer. */
export function metadataBits(cache: SharedCache, each: number): number[] {
  const run = seeded('damaged metadata');
  return [...metadataLines(cache).values()].flatMap((lines) => {
    const all = lines.length * LINE_BITS;
    return Array.from({ length: Math.min(each, all) }, (_, i) => {
      const n = each < all ? run.int(all) : i;
      return lines[Math.floor(n / LINE_BITS)]! * 8 + (n % LINE_BITS);
    });
  });
}

/** Pages through which values pass: nothing is found by them. */
const SCRATCH = ['thread scratch', 'zone metadata'];

/**
 * Every bit of every line in which something stands, and one of each of the others and of scratch,
 * a different one each time: of these the part with this number.
 */
export function allBits(cache: SharedCache, part: number, parts: number): number[] {
  const standing = [...metadataLines(cache)];
  const lines = standing.flatMap(([kind, own]) => (SCRATCH.includes(kind) ? [] : own));
  const scratch = standing.flatMap(([kind, own]) => (SCRATCH.includes(kind) ? own : []));
  const empty = [...[...metadataLines(cache, true).values()].flat(), ...scratch];
  const bits = [
    ...lines.flatMap((at) => Array.from({ length: LINE_BITS }, (_, bit) => at * 8 + bit)),
    ...empty.map((at, i) => at * 8 + (i % LINE_BITS)),
  ];
  return bits.filter((_, i) => i % parts === part);
}
