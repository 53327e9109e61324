/**
 * Memory failure: whatever a page is used for, poisoning it ends as the table says.
 *
 * The kernel's own matrix, restated: a page of each type in each state is poisoned. Done: what was
 * on it is still there, elsewhere, under its old name; the page is counted, and never handed out
 * again until it is unpoisoned. Refused: the reason is told, and nothing has changed.
 *
 * Sources (facts, not code): Linux tools/testing/selftests/mm/memory-failure.c (anonymous and page
 * cache, clean and dirty, hard and soft) and mm/memory-failure.c (the table of actions by page
 * type).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openKernel } from '../../src/border/kernel.ts';
import { Arena, type Folio } from '../../src/index.ts';
import { settled } from '../support/settled.ts';

/** What is made, and how the page in question is found again. */
interface Made {
  pfn: number;
  /** Fails if what was on the page is lost or damaged. */
  verify?: () => void;
}

/** Pages moved, or why not. */
type Outcome = { moved: number } | { reason: string };

const UNMOVABLE = { reason: 'in use, and cannot be moved' };
const PINNED = { reason: 'somebody has pinned it' };
const TAKEN = { moved: 0 };

/**
 * A folio whose pages say which they are; the page in question is `page` pages behind its first.
 */
function stampedFolio(
  arena: Arena,
  order: number,
  page: number,
  type?: number,
): Made & { folio: Folio } {
  const folio = arena.allocFolio(order, type === undefined ? {} : { type })!;
  folio.setOwnerWord(0, 4711);
  using view = folio.map();
  for (let i = 0; i < 2 ** order; i++) view.fill(i & 255, i * 4096, (i + 1) * 4096);
  const verify = () => {
    using seen = arena.folio(folio.name)!.map();
    for (let i = 0; i < 2 ** order; i++) {
      assert.equal(seen[i * 4096], i & 255);
      assert.equal(seen[i * 4096 + 4095], i & 255);
    }
    assert.equal(folio.ownerWord(0), 4711);
  };
  return { folio, pfn: folio.pfn + page, verify };
}

function pageOf(arena: Arena, use: string): number {
  for (let pfn = 0; ; pfn++) if (arena.describe(pfn).use === use) return pfn;
}

function objectIn(arena: Arena): Made {
  const pool = arena.createZsPool();
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i);
  const handle = pool.malloc(1000)!;
  pool.write(handle, bytes);
  return { pfn: pageOf(arena, 'zspage'), verify: () => assert.deepEqual(pool.read(handle), bytes) };
}

function fill(arena: Arena): void {
  for (let order = 10; order >= 0; order--) while (arena.allocPages(order) !== undefined);
}

const matrix: [state: string, make: (arena: Arena) => Made, outcome: Outcome][] = [
  ['a free page', (arena) => ({ pfn: arena.size / 4096 - 1 }), TAKEN],
  [
    'a free page in the stock of this thread',
    (arena) => {
      const pfn = arena.allocPages(0)!;
      arena.freePages(pfn, 0);
      return { pfn };
    },
    TAKEN,
  ],
  [
    'a free page in the stock of another thread',
    (arena) => {
      const other = openKernel(arena.memory);
      other.attach(99, 1);
      const pfn = other.allocPages(0);
      other.freePages(pfn, 0);
      return { pfn };
    },
    TAKEN,
  ],
  ['the superblock', () => ({ pfn: 0 }), UNMOVABLE],
  ['a thread’s own page', (arena) => ({ pfn: pageOf(arena, 'thread page') }), UNMOVABLE],
  ['a page of a block', (arena) => ({ pfn: arena.allocPages(3)! + 5 }), UNMOVABLE],
  [
    'a slab',
    (arena) => {
      const cache = arena.createObjectCache({ name: 'records', bytes: 64 });
      return { pfn: Math.floor((cache.alloc()! * 8) / 4096) };
    },
    UNMOVABLE,
  ],
  ['an anonymous folio', (arena) => stampedFolio(arena, 0, 0), { moved: 1 }],
  ['the tail of an anonymous folio', (arena) => stampedFolio(arena, 3, 5), { moved: 8 }],
  ['the tail of a large folio', (arena) => stampedFolio(arena, 9, 511), { moved: 512 }],
  [
    'a pinned folio',
    (arena) => {
      const made = stampedFolio(arena, 1, 1);
      made.folio.pin();
      return made;
    },
    PINNED,
  ],
  [
    'a locked folio',
    (arena) => {
      const made = stampedFolio(arena, 0, 0);
      made.folio.pin().lock();
      return made;
    },
    PINNED,
  ],
  [
    'a folio that is freed and still pinned',
    (arena) => {
      const { folio, pfn } = stampedFolio(arena, 0, 0);
      folio.pin();
      folio.free();
      return { pfn };
    },
    PINNED,
  ],
  [
    'a movable page of a user’s type',
    (arena) => stampedFolio(arena, 2, 3, arena.registerType({ name: 'mine' })),
    { moved: 4 },
  ],
  [
    'an unmovable page of a user’s type',
    (arena) => stampedFolio(arena, 2, 3, arena.registerType({ name: 'ring', movable: false })),
    UNMOVABLE,
  ],
  ['a page of compressed objects', objectIn, { moved: 1 }],
  [
    'a folio in a full arena',
    (arena) => {
      const made = stampedFolio(arena, 0, 0);
      fill(arena);
      return made;
    },
    { reason: 'there is no free page to move it to' },
  ],
  [
    'a poisoned page',
    (arena) => {
      const pfn = arena.size / 4096 - 1;
      arena.poison(pfn);
      return { pfn };
    },
    { reason: 'poisoned already' },
  ],
];

/** The page belongs to nobody, whatever is allocated. */
function assertNeverHandedOut(arena: Arena, bad: number): void {
  for (let order = 10; order >= 0; order--) {
    for (let pfn = arena.allocPages(order); pfn !== undefined; pfn = arena.allocPages(order)) {
      assert.ok(bad < pfn || bad >= pfn + 2 ** order, 'a poisoned page was handed out');
    }
  }
  for (let made = arena.allocFolio(0); made; made = arena.allocFolio(0)) {
    assert.notEqual(made.pfn, bad);
  }
}

function assertDone(arena: Arena, pfn: number, moved: number, verify?: () => void): void {
  assert.deepEqual(arena.poison(pfn), moved === 0 ? { isDone: true } : { isDone: true, moved });
  assert.equal(arena.describe(pfn).use, 'poisoned');
  assert.equal(arena.report().pagesByUse.poisoned, 1);
  verify?.();
  arena.check();
  assertNeverHandedOut(arena, pfn);
  verify?.();
  assert.ok(arena.unpoison(pfn));
  assert.equal(arena.report().pagesByUse.poisoned, undefined);
  assert.equal(arena.describe(pfn).use, 'free');
}

for (const [state, make, outcome] of matrix) {
  const ending =
    'reason' in outcome ? `refused, ${outcome.reason}` : `done, ${outcome.moved} moved`;
  test(`${state} is poisoned: ${ending}`, async () => {
    using arena = new Arena({ size: '8MiB' });
    await settled(arena);
    const { pfn, verify } = make(arena);
    if ('moved' in outcome) {
      assertDone(arena, pfn, outcome.moved, verify);
    } else {
      const before = arena.describe(pfn);
      assert.deepEqual(arena.poison(pfn), { isDone: false, ...outcome });
      assert.deepEqual(arena.describe(pfn), before);
      verify?.();
    }
    arena.check();
  });
}
