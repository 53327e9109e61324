/**
 * Folios that are split, freed and moved under readers on other threads.
 *
 * Sources (facts, not code): Linux tools/testing/selftests/mm/folio_split_race_test.c (readers
 * check the stamp of every page while folios are split and punched), lib/test_free_pages.c (a stray
 * reference on a block that is freed leaks nothing), selftests/mm/migration.c (a page goes back and
 * forth under readers, and each move succeeds within a hundred tries).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Arena, type Folio } from '../../src/index.ts';
import { SCALE, sharedWords, whileReading } from './crew.ts';
import { stamp } from './stamps.ts';

const SPLITS = 100;
const FREES = 5000;
const MOVES = 100;
const TRIES = 100;
const SPLIT_ORDER = 6;
const MOVED_ORDER = 3;
/** Of every so many pages one is punched out, and used by somebody else. */
const PUNCHED = 16;

function ownedFolio(arena: Arena, order: number, owner: number): Folio {
  const folio = arena.allocFolio(order)!;
  {
    using view = folio.map();
    stamp(view, owner);
  }
  folio.setOwnerWord(0, owner);
  return folio;
}

/** Splits as soon as no reader has it pinned. */
function splitSomeTime(folio: Folio): Folio[] {
  while (true) {
    try {
      return folio.split(0)!;
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'ERR_PAGELESS_BUSY', String(error));
    }
  }
}

/** One folio is split, its parts named, some of them replaced by somebody else's, and all freed. */
function splitAndPunch(arena: Arena, round: number): void {
  const owner = 1 + ((2 * round) & 0x7fff);
  const parts = splitSomeTime(ownedFolio(arena, SPLIT_ORDER, owner));
  for (const part of parts) part.setOwnerWord(0, owner);
  const strangers = parts.map((part, i) => {
    if (i % PUNCHED !== 3) return part;
    part.free();
    return ownedFolio(arena, 0, owner + 1);
  });
  for (const folio of strangers) folio.free();
}

/**
 * Where the folios of a test come to lie: pages from the first that an order-9 block would have.
 */
function rangeOf(arena: Arena): number[] {
  const probe = arena.allocFolio(SPLIT_ORDER)!;
  const { pfn } = probe;
  probe.free();
  return [pfn, 2 ** SPLIT_ORDER];
}

test('whoever pins a page while folios are split gets who has it, whole', async (context) => {
  using arena = new Arena({ size: '8MiB' });
  const data = { role: 'pinPages', shared: sharedWords(0), arena: arena.handle };
  const looks = await whileReading({ ...data, values: [...rangeOf(arena), 0] }, () => {
    for (let round = 0; round < SPLITS * SCALE; round++) splitAndPunch(arena, round);
  });
  context.diagnostic(`${looks} looks`);
  arena.check();
});

test('a stray reference on a folio that is freed leaks nothing', async (context) => {
  using arena = new Arena({ size: '8MiB' });
  const before = arena.report().pagesByUse;
  const data = { role: 'pinPages', shared: sharedWords(0), arena: arena.handle };
  const looks = await whileReading({ ...data, values: [...rangeOf(arena), 100] }, () => {
    for (let i = 0; i < FREES * SCALE; i++) arena.allocFolio(MOVED_ORDER)!.free();
  });
  context.diagnostic(`${looks} looks`);
  assert.equal(arena.report().pagesByUse['anonymous folio'], before['anonymous folio']);
  assert.equal(arena.kernel.cacheInUse(4), 0, 'a descriptor was lost');
  arena.check();
});

/** Moves a folio once. @returns how often that was tried in vain */
function moveOnce(arena: Arena, folio: Folio): number {
  const { pfn } = folio;
  for (let tries = 0; tries < TRIES; tries++) {
    arena.evacuate({ pfn, count: 2 ** MOVED_ORDER });
    if (folio.pfn !== pfn) return tries;
  }
  assert.fail(`${TRIES} tries in vain`);
}

test('a folio goes back and forth under its readers', async (context) => {
  using arena = new Arena({ size: '8MiB' });
  const folio = arena.allocFolio(MOVED_ORDER)!;
  {
    using view = folio.map();
    stamp(view, folio.name & 0xffff);
  }
  let inVain = 0;
  const data = { role: 'readFolio', shared: sharedWords(0), arena: arena.handle };
  const looks = await whileReading({ ...data, values: [folio.name] }, () => {
    for (let move = 0; move < MOVES * SCALE; move++) inVain += moveOnce(arena, folio);
  });
  context.diagnostic(`${MOVES * SCALE} moves, ${inVain} tries in vain, ${looks} looks`);
  assert.ok(looks > 0);
  arena.check();
});
