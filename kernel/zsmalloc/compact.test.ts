/**
 * Object compaction: what it frees, what it leaves alone, and that nobody notices but the pages.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as facts from '../../src/generated/facts.ts';
import {
  cellOf,
  patternOf,
  readObject,
  tallyAll,
  writeObject,
} from '../../test/support/objects.ts';
import { seeded } from '../../test/support/seeded.ts';
import { offsetOf } from '../../test/support/structures.ts';
import {
  assertPoolSound,
  createZone,
  type TestZone,
  type ZoneExports,
  zoneTest,
} from '../../test/support/zone.ts';

const { ERR_BUSY, PAGE_BYTES } = facts;
const options = { hasStore: true, wasmPages: 256 };

/** The first pool, which is the store's: its number is its page. */
const storePool = ({ words }: TestZone): number =>
  words[(facts.ZS_STATE + offsetOf('ZsState', 'store')) / 4]! / PAGE_BYTES;

/** Steps until there is nothing left to do. @returns objects moved */
function compact(zone: TestZone, kernel: ZoneExports = zone.kernel, threshold = 0): number {
  kernel.zsCompactBegin();
  let moved = 0;
  for (let step = 0; ; step++) {
    const result = kernel.zsCompactSome(storePool(zone), threshold);
    assert.ok(result >= 0 && step < 100_000, `step ${step}: ${result}`);
    if (result === 0) return moved;
    moved += result;
  }
}

interface Kept {
  handle: number;
  value: Uint8Array;
}

function fill(zone: TestZone, count: number, payloadOf: (i: number) => number): Kept[] {
  return Array.from({ length: count }, (_, i) => {
    const value = patternOf(i, payloadOf(i));
    const handle = zone.kernel.zsAlloc(value.length) >>> 0;
    assert.ok(handle > 0);
    writeObject(zone, handle, value);
    return { handle, value };
  });
}

function assertKept(zone: TestZone, kept: Kept[]): void {
  for (const { handle, value } of kept) {
    assert.deepEqual(readObject(zone, handle, value.length), value);
  }
}

/** Pages that the objects of each class need when packed. */
function pagesNeeded(zone: TestZone): number {
  return tallyAll(zone).reduce((sum, { used, objectsPerZspage, objectBytes, pagesPerZspage }) => {
    const full = Math.floor(used / objectsPerZspage);
    const rest = Math.ceil(((used % objectsPerZspage) * objectBytes) / PAGE_BYTES);
    return sum + full * pagesPerZspage + rest;
  }, 0);
}

test('after freeing a random 70 %, compaction frees what can be freed', () => {
  const zone = createZone(options);
  const run = seeded('compaction');
  const all = fill(zone, 6000, () => 40 + run.int(2500));
  const kept = all.filter(({ handle }) => {
    const stays = run.int(10) < 3;
    if (!stays) zone.kernel.zsRelease(handle);
    return stays;
  });
  const held = zone.kernel.zsPages();
  const needed = pagesNeeded(zone);
  assert.ok(compact(zone) > 0);
  const freed = held - zone.kernel.zsPages();
  assert.equal(zone.kernel.zsCompactPages(), freed);
  assert.equal(freed, held - needed);
  assertKept(zone, kept);
  assertPoolSound(zone.kernel);
  assert.equal(compact(zone), 0, 'there is nothing left to do');
  for (const { handle } of kept) zone.kernel.zsRelease(handle);
  assert.equal(zone.kernel.zsPages(), 0);
  assertPoolSound(zone.kernel);
});

zoneTest('one zspage with holes is packed into its lower pages', options, (zone) => {
  const all = fill(zone, 30, () => 2000);
  for (const [i, { handle }] of all.entries()) if (i % 3 !== 0) zone.kernel.zsRelease(handle);
  const kept = all.filter((_, i) => i % 3 === 0);
  assert.ok(compact(zone) > 0);
  assert.equal(zone.kernel.zsPages(), pagesNeeded(zone));
  assert.deepEqual(
    kept.map(({ handle }) => cellOf(zone, handle).index).sort((a, b) => a - b),
    kept.map((_, i) => i),
  );
  assertKept(zone, kept);
  for (const { handle } of kept) zone.kernel.zsRelease(handle);
});

zoneTest('what is being written stays where it is', options, (zone) => {
  const { kernel } = zone;
  const all = fill(zone, 60, () => 2000);
  const born = kernel.zsAlloc(2000) >>> 0;
  const place = cellOf(zone, born);
  for (const { handle } of all.slice(5)) kernel.zsRelease(handle);
  compact(zone);
  assert.deepEqual(cellOf(zone, born), place);
  writeObject(zone, born, patternOf(99, 2000));
  compact(zone);
  assert.deepEqual(readObject(zone, born, 2000), patternOf(99, 2000));
  assertKept(zone, all.slice(0, 5));
  for (const { handle } of all.slice(0, 5)) kernel.zsRelease(handle);
  kernel.zsRelease(born);
});

zoneTest('a zspage that cannot be emptied is filled instead', options, (zone) => {
  const { kernel } = zone;
  const { objectsPerZspage } = tallyAll(zone)[kernel.classFor(2000)]!;
  // The emptiest of four has nothing but what is being written.
  const borns = Array.from({ length: objectsPerZspage }, () => kernel.zsAlloc(2000) >>> 0);
  const all = fill(zone, 3 * objectsPerZspage, () => 2000);
  for (const handle of borns.splice(1)) kernel.zsRelease(handle);
  const kept = all.filter((_, i) => i % 3 === 0);
  for (const [i, { handle }] of all.entries()) if (i % 3 !== 0) kernel.zsRelease(handle);
  const place = cellOf(zone, borns[0]!);
  assert.ok(compact(zone) > 0);
  assert.deepEqual(cellOf(zone, borns[0]!), place);
  assert.ok(tallyAll(zone)[kernel.classFor(2000)]!.zspages <= 2);
  assertKept(zone, kept);
  for (const { handle } of kept) kernel.zsRelease(handle);
  kernel.zsRelease(borns[0]!);
});

zoneTest('a reader keeps both copies; the next step vacates the old one', options, (zone) => {
  const { kernel } = zone;
  const reader = zone.join();
  const all = fill(zone, 100, () => 1000);
  const kept = all.filter((_, i) => i % 4 === 0);
  for (const [i, { handle }] of all.entries()) if (i % 4 !== 0) kernel.zsRelease(handle);
  const places = kept.map(({ handle }) => kernel.zsPlace(handle));
  const before = kernel.zsPages();
  reader.enterSection();
  kernel.zsCompactBegin();
  assert.ok(kernel.zsCompactSome(storePool(zone), 0) > 0);
  assert.equal(kernel.zsCompactSome(storePool(zone), 0), ERR_BUSY);
  assertPoolSound(kernel);
  for (const [i, { value }] of kept.entries()) {
    kernel.zsRead(places[i]!, 0, kernel.outputScratch(), value.length);
    const at = kernel.outputScratch();
    assert.deepEqual(zone.bytes.slice(at, at + value.length), value, 'as the old cell says');
  }
  reader.leaveSection();
  compact(zone);
  assert.ok(kernel.zsPages() < before);
  assertKept(zone, kept);
  for (const { handle } of kept) kernel.zsRelease(handle);
});

zoneTest('a threshold leaves dense classes alone', options, (zone) => {
  const { kernel } = zone;
  const { objectsPerZspage } = tallyAll(zone)[kernel.classFor(1000)]!;
  const all = fill(zone, 2 * objectsPerZspage, () => 1000);
  kernel.zsRelease(all.shift()!.handle);
  assert.equal(compact(zone, kernel, 500), 0);
  for (const { handle } of all.splice(8)) kernel.zsRelease(handle);
  assertKept(zone, all);
  for (const { handle } of all) kernel.zsRelease(handle);
});

zoneTest(
  'a zspage out of which nothing can be moved is given up, whoever reads',
  options,
  (zone) => {
    const { kernel } = zone;
    const [reader, mover, filler] = [zone.join(2), zone.join(3), zone.join(4)];
    const handles = [100, 300, 1000].map((bytes) => filler.zsAlloc(bytes));
    filler.detach();
    reader.enterSection();
    mover.zsCompactBegin();
    assert.equal(mover.zsCompactSome(storePool(zone), 0), 0);
    reader.leaveSection();
    mover.detach();
    assertPoolSound(kernel);
    for (const handle of handles) kernel.zsRelease(handle);
    assert.equal(kernel.zsPages(), 0);
  },
);

for (const isReaderLate of [false, true]) {
  // A late one rests where it has entered, and has not looked for anything yet.
  const who = isReaderLate ? ', whoever has just entered,' : '';
  const what = `who detaches in the middle of a compaction${who} leaves nothing behind`;
  zoneTest(what, options, (zone) => leaveInTheMiddle(zone, isReaderLate));
}

function leaveInTheMiddle(zone: TestZone, isReaderLate: boolean): void {
  const { kernel } = zone;
  const [reader, mover] = [zone.join(2), zone.join(3)];
  const all = fill(zone, 100, () => 1000);
  kernel.zsCompactBegin();
  const kept = all.filter((_, i) => i % 4 === 0);
  for (const [i, { handle }] of all.entries()) if (i % 4 !== 0) kernel.zsRelease(handle);
  reader.enterSection();
  mover.zsCompactBegin();
  assert.ok(mover.zsCompactSome(storePool(zone), 0) > 0);
  if (!isReaderLate) reader.leaveSection();
  mover.detach();
  if (isReaderLate) reader.leaveSection();
  assertPoolSound(kernel);
  assertKept(zone, kept);
  for (const { handle } of kept) kernel.zsRelease(handle);
  assert.equal(kernel.zsPages(), 0);
}
