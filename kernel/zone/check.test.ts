/** `check` finds what is wrong: one contradiction at a time, on every floor, named by its fault. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as facts from '../../src/generated/facts.ts';
import { sample, storeFace } from '../../test/support/store-face.ts';
import { offsetOf } from '../../test/support/structures.ts';
import { assertSound, createZone, newFolio, type TestZone } from '../../test/support/zone.ts';

const { FAULT_FRAMES, FAULT_HANDLE, FAULT_INDEX, FAULT_LIMBO, FAULT_PAGE_WORD, FAULT_SLAB } = facts;
const { CACHE_TABLE, PAGE_MAP, SLAB_STATE, STORE_STATE } = facts;

/** A zone with something of everything in it. */
function furnished(): TestZone {
  const zone = createZone({ hasStore: true });
  const store = storeFace(zone, zone.kernel);
  for (let i = 0; i < 300; i++) store.set(`key ${i}`, sample(i, i * 10));
  for (let i = 0; i < 30; i++) store.remove(`key ${i * 7}`);
  zone.kernel.allocPages(3);
  newFolio(zone.kernel, 2);
  assertSound(zone.kernel);
  return zone;
}

/** Index of the word that describes the first page of a type, in either layout, from `from` on. */
function pageWordIndex({ kernel, words }: TestZone, type: number, from = 0): number {
  for (let pfn = from; pfn < kernel.pageCount(); pfn++) {
    const word = kernel.pageWordOf(pfn);
    if ((word & facts.TYPE_MASK) !== type) continue;
    const at = PAGE_MAP / 4 + pfn;
    return words[at] === word >>> 0 ? at : at + kernel.pageCount();
  }
  throw new Error(`no page of type ${type}`);
}

const superblockWord = (zone: TestZone, field: string): number =>
  zone.words[offsetOf('Superblock', field) / 4]! / 4;

/** The descriptor's word for a field, for the first page of a type. */
function descIndex(zone: TestZone, type: number, structure: string, field: string): number {
  const desc = (zone.words[pageWordIndex(zone, type)]! & ~facts.TYPE_MASK) >>> 0;
  return (desc + offsetOf(structure, field)) / 4;
}

/** Where the list of slabs with room begins, of the cache of cells. */
function partialIndex({ kernel }: TestZone): number {
  return (kernel.cacheOf(facts.CACHE_CELL) + offsetOf('KmemCache', 'partial')) / 4;
}

/** A word of a sheaf that is not empty. */
function sheafIndex({ words }: TestZone, field: string): number {
  let sheaf = words[(SLAB_STATE + offsetOf('SlabState', 'sheaves')) / 4]!;
  while (words[(sheaf + offsetOf('Sheaf', 'count')) / 4] === 0) {
    sheaf = words[(sheaf + offsetOf('Sheaf', 'chain')) / 4]!;
  }
  return (sheaf + offsetOf('Sheaf', field)) / 4;
}

/** The first leaf of the index, as kernel/store/directory.ts finds it. */
function firstLeaf({ words }: TestZone): number {
  const top = words[(STORE_STATE + offsetOf('StoreState', 'top')) / 4]!;
  return words[words[top / 4]! / 4]! / 4;
}

/** The first cell with an entry there: the last 8 of the 16 words of a line are cells. */
function firstEntry(zone: TestZone): number {
  let at = firstLeaf(zone);
  while ((at & 15) < 8 || zone.words[at] === 0) at++;
  return at;
}

/** The small queue of the first shard; its ghosts are two records further on. */
function smallQueue({ words }: TestZone): number {
  return words[facts.QUEUE_STATE / 4]! + 64;
}

/** A word of the journal of the thread that made the zone. */
function journalIndex({ words }: TestZone, field: string): number {
  const journals = words[(STORE_STATE + offsetOf('StoreState', 'journals')) / 4]!;
  return (journals + facts.JOURNAL_BYTES + offsetOf('Journal', field)) / 4;
}

const damages: [name: string, fault: number, at: (zone: TestZone) => number, change?: number][] = [
  ['a frame bit that is set', FAULT_FRAMES, (zone) => superblockWord(zone, 'frameBits') + 20],
  ['a child counter', FAULT_FRAMES, (zone) => superblockWord(zone, 'counters')],
  ['a tree counter', FAULT_FRAMES, (zone) => superblockWord(zone, 'counters') + 1],
  ['a page word cleared', FAULT_PAGE_WORD, (zone) => pageWordIndex(zone, facts.TYPE_MISC, 100), -1],
  [
    'a free page with a word',
    FAULT_PAGE_WORD,
    (zone) => PAGE_MAP / 4 + zone.kernel.pageCount() - 1,
  ],
  [
    'a folio’s page that names no descriptor',
    FAULT_PAGE_WORD,
    (zone) => pageWordIndex(zone, facts.TYPE_ANON_FOLIO),
    32 * 64,
  ],
  [
    'a descriptor without references',
    FAULT_PAGE_WORD,
    (zone) => descIndex(zone, facts.TYPE_ANON_FOLIO, 'Header', 'refs'),
    -1,
  ],
  ['a slab’s count', FAULT_SLAB, (zone) => descIndex(zone, facts.TYPE_SLAB, 'Slab', 'inUse')],
  [
    'the state of an object',
    FAULT_SLAB,
    (zone) => Math.ceil(zone.words[descIndex(zone, facts.TYPE_SLAB, 'Slab', 'states')]! / 4),
    1,
  ],
  ['a cache’s count', FAULT_SLAB, () => (CACHE_TABLE + offsetOf('KmemCache', 'out')) / 4],
  ['the list of slabs with room', FAULT_SLAB, (zone) => partialIndex(zone), -1],
  ['an object in a sheaf', FAULT_SLAB, (zone) => sheafIndex(zone, 'objects'), 32],
  ['the number of objects in a sheaf', FAULT_SLAB, (zone) => sheafIndex(zone, 'count'), -1],
  ['the owner of a sheaf', FAULT_SLAB, (zone) => sheafIndex(zone, 'owner'), 99],
  [
    'the number of sheaves',
    FAULT_SLAB,
    () => (SLAB_STATE + offsetOf('SlabState', 'sheaves')) / 4,
    -1,
  ],
  ['a limbo count', FAULT_LIMBO, () => (facts.LIMBO_STATE + 8 + offsetOf('Bag', 'nextCount')) / 4],
  ['a zspage’s bits', FAULT_HANDLE, (zone) => descIndex(zone, facts.TYPE_ZSPAGE, 'Zspage', 'bits')],
  [
    'a zspage’s page list',
    FAULT_HANDLE,
    (zone) => {
      const desc = descIndex(zone, facts.TYPE_ZSPAGE, 'Header', 'flags');
      return desc + facts.ZSPAGE_DESC_BYTES / 4 - 1;
    },
    -1,
  ],
  [
    'a zspage’s list',
    FAULT_HANDLE,
    (zone) => descIndex(zone, facts.TYPE_ZSPAGE, 'Header', 'pfn'),
    1 << 17,
  ],
  [
    'a cell, which names another slot',
    FAULT_HANDLE,
    (zone) => zone.words[firstEntry(zone)]! / 4,
    1 << 28,
  ],
  ['the number of entries', FAULT_INDEX, (zone) => journalIndex(zone, 'entries')],
  ['where a ring begins', FAULT_LIMBO, (zone) => journalIndex(zone, 'ringHead'), 1000],
  ['how far a ring waits', FAULT_LIMBO, (zone) => journalIndex(zone, 'ringClosed'), 1000],
  [
    'a sum over a queue',
    FAULT_INDEX,
    (zone) => (smallQueue(zone) + offsetOf('Fifo', 'records')) / 4,
  ],
  [
    'the last page of a queue',
    FAULT_INDEX,
    (zone) => (smallQueue(zone) + offsetOf('Fifo', 'tail')) / 4,
  ],
  ['the number of ghosts’ pages', FAULT_INDEX, (zone) => (smallQueue(zone) + 128) / 4],
  ['an entry of the index', FAULT_INDEX, firstEntry, -1],
  ['the count of a leaf', FAULT_INDEX, (zone) => firstLeaf(zone) + 6],
  ['a tag', FAULT_INDEX, (zone) => (firstEntry(zone) & ~15) + ((firstEntry(zone) & 4) >> 2)],
  [
    'a handle nobody refers to',
    FAULT_INDEX,
    (zone) => {
      zone.kernel.zsAlloc(10);
      return STORE_STATE / 4 + 1000;
    },
    0,
  ],
];

for (const [name, fault, at, change = 1] of damages) {
  test(`finds damage to ${name}`, () => {
    const zone = furnished();
    const index = at(zone);
    const before = zone.words[index]!;
    zone.words[index] = change === -1 ? 0 : before + change;
    assert.equal(zone.kernel.check(), fault);
    assert.equal(zone.kernel.fault(), 0, 'finding does not poison');
    zone.words[index] = before;
    if (change !== 0) assertSound(zone.kernel);
  });
}

for (const field of ['ringHead', 'ringClosed', 'ringTail']) {
  test(`whoever frees from a ring poisons the zone if its ${field} is damaged`, () => {
    const zone = furnished();
    const store = storeFace(zone, zone.kernel);
    zone.words[journalIndex(zone, field)]! += 2 ** 31;
    assert.throws(() => {
      for (let i = 0; i < 200; i++) store.set('one', sample(i, 100));
    });
    assert.equal(zone.kernel.fault(), FAULT_LIMBO);
  });
}
