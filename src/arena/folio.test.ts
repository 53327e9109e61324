/**
 * Folios as users see them: views, locks, names, splits, owner words, types; and what is refused.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { poisonZone } from '../../test/support/poison-zone.ts';
import { wordOfSlot } from '../../test/support/structures.ts';
import { openKernel } from '../border/kernel.ts';
import * as facts from '../generated/facts.ts';
import { Arena } from './arena.ts';
import { Folio } from './folio.ts';
import { Pin } from './pin.ts';

const code = (name: string): object => ({ code: name });

function arenaTest(name: string, body: (arena: Arena) => void): void {
  test(name, () => {
    using arena = new Arena({ size: '8MiB' });
    body(arena);
    arena.check();
  });
}

function newFolio(arena: Arena, order: number, type?: number): Folio {
  const folio = arena.allocFolio(order, type === undefined ? {} : { type });
  assert.ok(folio);
  return folio;
}

arenaTest('a view is the pages, pinned until it is disposed', (arena) => {
  const folio = newFolio(arena, 3);
  {
    using view = folio.map();
    assert.equal(view.length, 8 * 4096);
    view.fill(7);
    folio.free();
    assert.throws(() => folio.map(), code('ERR_PAGELESS_STALE'));
    assert.equal(view[8 * 4096 - 1], 7);
    assert.equal(view.slice(0, 4).constructor, Uint8Array);
    assert.equal(view.subarray(0, 4).constructor, Uint8Array);
    view[Symbol.dispose]();
  }
  assert.throws(() => folio.free(), code('ERR_PAGELESS_STALE'));
  assert.equal(arena.folio(folio.name), undefined);
});

arenaTest('a folio has the same bytes by its name and by any of its pages', (arena) => {
  const folio = newFolio(arena, 2);
  using view = folio.map();
  view[4096 * 3] = 42;
  for (const found of [arena.folio(folio.name), arena.folioAt(folio.pfn + 3)]) {
    assert.equal(found?.name, folio.name);
    using other = found.map();
    assert.equal(other[4096 * 3], 42);
  }
  assert.equal(arena.folioAt(0), undefined);
});

arenaTest('locks are exclusive, need a pin, and are for whatever has a descriptor', (arena) => {
  const folio = newFolio(arena, 0);
  const pin = folio.pin();
  assert.equal(pin.lock(), false);
  assert.throws(() => pin.lock(), code('ERR_PAGELESS_NOT_YOURS'));
  using other = folio.pin();
  assert.equal(other.tryLock(), undefined);
  assert.throws(() => other.unlock(), code('ERR_PAGELESS_NOT_YOURS'));
  pin.unlock();
  assert.equal(other.tryLock(), false);
  pin[Symbol.dispose]();
  pin[Symbol.dispose]();
  assert.throws(() => pin.pfn, code('ERR_PAGELESS_NOT_YOURS'));
  for (let pfn = 0, pinned = 0; pinned === 0; pfn++) {
    if (arena.describe(pfn).use !== 'slab') continue;
    using slab = arena.pin(pfn);
    assert.equal(slab.lock(), false);
    pinned++;
  }
});

arenaTest('where a thread may not park, a lock is busy, and typed so', (arena) => {
  const folio = newFolio(arena, 0);
  using pin = folio.pin();
  pin.lock();
  // As a browser's main thread attaches.
  const other = openKernel(arena.memory);
  other.attach(99, 0);
  const theirs = new Pin({ kernel: other, users: 1 }, other.pinFolio(folio.name));
  assert.throws(() => theirs.lock(), code('ERR_PAGELESS_BUSY'));
  assert.equal(theirs.tryLock(), undefined);
  pin.unlock();
  assert.equal(theirs.lock(), false);
  theirs[Symbol.dispose]();
  other.detach();
});

arenaTest('a page without a descriptor is refused', (arena) => {
  const pfn = arena.allocPages(0)!;
  assert.throws(() => arena.pin(pfn), code('ERR_PAGELESS_NO_DESCRIPTOR'));
  assert.throws(() => arena.pin(0), code('ERR_PAGELESS_NO_DESCRIPTOR'));
  assert.throws(() => arena.pin(1e9), code('ERR_PAGELESS_INVALID_ARGUMENT'));
});

test('pins go with the last arena that the thread has on the zone, and say so', () => {
  const arena = new Arena({ size: '8MiB' });
  const second = Arena.attach(arena.handle);
  const folio = newFolio(arena, 1);
  const pin = folio.pin();
  pin.lock();
  const view = folio.map();
  arena.close();
  assert.throws(() => folio.pin(), code('ERR_PAGELESS_DISPOSED'));
  assert.equal(pin.order, 1, 'the thread still has its slot, and so the pin');
  const same = second.folio(folio.name)!;
  assert.throws(() => same.split(0), code('ERR_PAGELESS_NOT_YOURS'), 'locked by this thread');
  second.close();
  for (const call of [() => pin.order, () => pin.pfn, () => pin.lock(), () => pin.tryLock()]) {
    assert.throws(call, code('ERR_PAGELESS_DISPOSED'));
  }
  assert.throws(() => pin.unlock(), code('ERR_PAGELESS_DISPOSED'));
  for (const held of [pin, view, pin, view]) held.close();
});

test('what a poisoned zone throws is not hidden by the end of a pin', () => {
  const arena = new Arena({ size: '8MiB' });
  const folio = newFolio(arena, 0);
  const poisonWhilePinned = () => {
    using pin = folio.pin();
    poisonZone(arena.memory);
    pin.lock();
  };
  assert.throws(poisonWhilePinned, code('ERR_PAGELESS_CORRUPTION'));
});

arenaTest('a split keeps every byte, and each part is a folio', (arena) => {
  const folio = newFolio(arena, 4);
  const first = folio.pfn;
  {
    using view = folio.map();
    for (let page = 0; page < 16; page++) view.fill(page, page * 4096, (page + 1) * 4096);
    assert.throws(() => folio.split(2), code('ERR_PAGELESS_BUSY'));
  }
  const parts = folio.split(2);
  assert.equal(parts?.length, 4);
  assert.equal(new Set(parts.map(({ name }) => name)).size, 4);
  for (const [i, part] of parts.entries()) {
    assert.equal(part.pfn, first + 4 * i);
    assert.equal(part.order, 2);
    using view = part.map();
    for (let page = 0; page < 4; page++) assert.equal(view[page * 4096 + 99], 4 * i + page);
    part.free();
  }
  for (const order of [0, 1, -1, 0.5, Number.NaN]) {
    const single = newFolio(arena, 0);
    assert.throws(() => single.split(order), code('ERR_PAGELESS_INVALID_ARGUMENT'));
  }
});

arenaTest('the parts of a split are found wherever compaction has moved them', (arena) => {
  const { name, pfn } = newFolio(arena, 2);
  const splitAndMove: typeof arena.kernel.splitPage = (...of) => {
    const failure = arena.kernel.splitPage(...of);
    assert.equal(arena.evacuate({ pfn: pfn + 1, count: 3 }).moved, 3);
    return failure;
  };
  const kernel = Object.create(arena.kernel, { splitPage: { value: splitAndMove } });
  const folio = new Folio({ kernel, memory: arena.memory, zone: { kernel, users: 1 } }, name);
  const parts = folio.split(0)!;
  assert.deepEqual(
    parts.map((part) => part.pfn >= pfn && part.pfn < pfn + 4),
    [true, false, false, false],
  );
  for (const part of parts) part.free();
});

arenaTest('the largest folio splits into pages, and all of them come back', (arena) => {
  assert.equal(arena.kernel.prepare(), 0, 'names of the parts pass through the scratch');
  const before = arena.report().freePages;
  const parts = newFolio(arena, 9).split(0)!;
  assert.equal(parts.length, 512);
  arena.check();
  for (const part of parts) part.free();
  for (let i = 0; i < 10; i++) arena.kernel.reclaim();
  assert.ok(arena.report().freePages >= before - 8, 'all but what sheaves keep');
});

arenaTest('a shrunk folio keeps its name and its first pages', (arena) => {
  const folio = newFolio(arena, 5);
  const { pfn } = folio;
  const free = arena.report().freePages;
  folio.shrink(1);
  assert.equal(folio.order, 1);
  assert.equal(folio.pfn, pfn);
  assert.equal(arena.report().freePages, free + 30);
  assert.throws(() => folio.shrink(1), code('ERR_PAGELESS_INVALID_ARGUMENT'));
});

arenaTest('no memory is an answer, and a split that gets none changes nothing', (arena) => {
  const folio = newFolio(arena, 9);
  for (let order = 10; order >= 0; order--) while (arena.allocPages(order) !== undefined);
  const filled = [];
  for (let made = arena.allocFolio(0); made; made = arena.allocFolio(0)) filled.push(made);
  assert.equal(folio.split(0), undefined);
  assert.equal(folio.order, 9);
  assert.throws(() => arena.allocFolio(10), code('ERR_PAGELESS_INVALID_ARGUMENT'));
});

arenaTest('types of users are found by name, and owner words are theirs', (arena) => {
  const type = arena.registerType({ name: 'my pages', descriptorBytes: 64, movable: false });
  assert.equal(type, 24);
  assert.equal(arena.registerType({ name: 'my pages', descriptorBytes: 64, movable: false }), 24);
  assert.throws(() => arena.registerType({ name: 'my pages' }), code('ERR_PAGELESS_TYPE_CONFLICT'));
  for (let i = 1; i < 8; i++) assert.equal(arena.registerType({ name: `other ${i}` }), 24 + i);
  assert.throws(() => arena.registerType({ name: 'one more' }), code('ERR_PAGELESS_TYPE_CONFLICT'));
  const folio = newFolio(arena, 1, type);
  for (let i = 0; i < 11; i++) assert.equal(folio.ownerWord(i), 0);
  folio.setOwnerWord(10, 0xffffffff);
  assert.equal(folio.ownerWord(10), 0xffffffff);
  assert.throws(() => folio.ownerWord(11), code('ERR_PAGELESS_INVALID_ARGUMENT'));
  assert.equal(newFolio(arena, 0).ownerWord(2), 0);
  folio.free();
});

arenaTest('names and types that are none are refused', (arena) => {
  for (const name of ['', 'x'.repeat(33), 'a\0b', 7 as never]) {
    assert.throws(() => arena.registerType({ name }), code('ERR_PAGELESS_INVALID_ARGUMENT'));
  }
  const sizes = { name: 'x', descriptorBytes: 48 };
  assert.throws(() => arena.registerType(sizes), code('ERR_PAGELESS_INVALID_ARGUMENT'));
  for (const type of [24, 31, 10, -1, 1.5]) {
    assert.throws(() => arena.allocFolio(0, { type }), code('ERR_PAGELESS_INVALID_ARGUMENT'));
  }
});

arenaTest('every page says whose it is', (arena) => {
  const type = arena.registerType({ name: 'ring', movable: false });
  const ring = newFolio(arena, 2, type);
  ring.setOwnerWord(1, 77);
  using pin = ring.pin();
  pin.lock();
  const { descriptor, ...rest } = arena.describe(pin.pfn + 3);
  assert.ok(descriptor);
  assert.deepEqual(rest, {
    pfn: pin.pfn + 3,
    use: 'ring',
    first: pin.pfn,
    order: 2,
    pins: 1,
    isOwned: true,
    isMovable: false,
    lockedBy: 1,
    ownerWords: [0, 77, 0],
  });
  pin.unlock();
  const slab = arena.describe(Math.floor(descriptor / 4096));
  assert.equal(slab.use, 'slab');
  assert.equal(slab.group, facts.CACHE_FOLIO);
  ring.free();
  assert.equal(arena.describe(pin.pfn).isOwned, false);
});

arenaTest('a grace period ends when nobody is in a call', (arena) => {
  assert.equal(arena.synchronize(), true);
  assert.deepEqual(arena.stalls(), []);
  const other = openKernel(arena.memory);
  const slot = other.attach(99, 1);
  const inKernel = wordOfSlot(slot, 'inKernel') / 8;
  const cells = new BigUint64Array(arena.memory.buffer, 0, inKernel + 1);
  // In an operation, in a section of the first epoch.
  cells[inKernel] = (1n << 16n) | 5n;
  assert.equal(arena.synchronize(3), false);
  assert.deepEqual(
    arena.stalls().map((stall) => stall.slot),
    [slot],
  );
  cells[inKernel] = 0n;
  assert.equal(arena.synchronize(), true);
  other.detach();
});
