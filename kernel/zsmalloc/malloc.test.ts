/** The pool's public face: contents, patterns, stale and foreign handles, grace periods. */
import assert from 'node:assert/strict';
import * as facts from '../../src/generated/facts.ts';
import { patternOf } from '../../test/support/objects.ts';
import {
  drainLimbo,
  type TestZone,
  takeAllPages,
  type ZoneExports,
  zoneTest,
} from '../../test/support/zone.ts';

const { BATCH, THREAD_FREED, ERR_BUSY, ERR_FOREIGN_HANDLE, ERR_NO_MEMORY, ERR_STALE } = facts;
const { MAX_PAYLOAD } = facts;

function write(
  { bytes }: TestZone,
  kernel: ZoneExports,
  pool: number,
  handle: number,
  value: Uint8Array,
): number {
  bytes.set(value, kernel.inputScratch() >>> 0);
  return kernel.zsOverwrite(pool, handle, value.length);
}

function read(
  { bytes }: TestZone,
  kernel: ZoneExports,
  pool: number,
  handle: number,
): Uint8Array | number {
  const length = kernel.zsReadObject(pool, handle);
  const at = kernel.outputScratch() >>> 0;
  return length < 0 ? length : bytes.slice(at, at + length);
}

/** A fresh object with these contents. */
function add(zone: TestZone, pool: number, value: Uint8Array): number {
  const handle = zone.kernel.zsMalloc(pool, value.length);
  assert.ok(handle > 0);
  assert.equal(write(zone, zone.kernel, pool, handle, value), 0);
  return handle;
}

const options = { hasStore: true };

zoneTest('every length comes back, and as another length after an overwrite', options, (zone) => {
  const { kernel } = zone;
  const pool = kernel.zsCreate();
  for (const n of [0, 1, 3, 4, 7, 8, 15, 16, 17, 100, 2047, 2048, 3900, 4084, 4085, 4095, 4096]) {
    const handle = kernel.zsMalloc(pool, n);
    assert.deepEqual(read(zone, kernel, pool, handle), new Uint8Array(n), 'new objects are zeros');
    for (const length of [n, MAX_PAYLOAD - n]) {
      const value = patternOf(n, length);
      assert.equal(write(zone, kernel, pool, handle, value), 0);
      assert.deepEqual(read(zone, kernel, pool, handle), value);
    }
    assert.equal(kernel.zsFree(pool, handle), 0);
    assert.equal(read(zone, kernel, pool, handle), ERR_STALE);
  }
});

zoneTest('an object of one pattern takes no room, and its bytes all the same', options, (zone) => {
  const { kernel } = zone;
  const pool = kernel.zsCreate();
  const patterns = [
    [0],
    [0xff],
    [1, 2, 3, 4],
    [9, 8, 7, 6, 5, 4, 3, 2],
    [0, 0, 0, 0, 0, 0, 0, 128],
  ];
  const handles: number[] = [];
  for (const pattern of patterns) {
    for (const n of [16, 17, 23, 512, 4091, 4096]) {
      const value = Uint8Array.from({ length: n }, (_, i) => pattern[i % pattern.length]!);
      const handle = add(zone, pool, value);
      assert.deepEqual(read(zone, kernel, pool, handle), value);
      handles.push(handle);
    }
  }
  assert.equal(kernel.zsPages(), 0);
  const almost = new Uint8Array(4096);
  almost[4095] = 1;
  assert.equal(write(zone, kernel, pool, handles[0]!, almost), 0);
  assert.equal(kernel.zsPages(), 1);
  assert.deepEqual(read(zone, kernel, pool, handles[0]!), almost);
  assert.equal(write(zone, kernel, pool, handles[0]!, new Uint8Array(9)), 0);
  for (const handle of handles) assert.equal(kernel.zsFree(pool, handle), 0);
  for (let i = 0; i < 4 * THREAD_FREED; i++) kernel.zsFree(pool, kernel.zsMalloc(pool, 8));
  assert.equal(kernel.zsPages(), 0);
});

zoneTest('stale, foreign and forged handles are codes, and change nothing', options, (zone) => {
  const { kernel } = zone;
  const [pool, other] = [kernel.zsCreate(), kernel.zsCreate()];
  const handle = add(zone, pool, patternOf(1, 300));
  assert.equal(kernel.zsFree(other, handle), ERR_FOREIGN_HANDLE);
  assert.equal(read(zone, kernel, other, handle), ERR_FOREIGN_HANDLE);
  assert.equal(write(zone, kernel, other, handle, new Uint8Array(3)), ERR_FOREIGN_HANDLE);
  const number = Math.floor(handle / 2 ** 45) * 2 ** 45;
  for (const forged of [number, number + 1, number + 2 ** 29 - 1, handle + 1, handle + 2 ** 29]) {
    assert.equal(read(zone, kernel, pool, forged), ERR_STALE);
    assert.equal(kernel.zsFree(pool, forged), ERR_STALE);
    assert.equal(write(zone, kernel, pool, forged, patternOf(2, 40)), ERR_STALE);
  }
  assert.deepEqual(read(zone, kernel, pool, handle), patternOf(1, 300));
  assert.equal(kernel.zsFree(pool, handle), 0);
  assert.equal(kernel.zsFree(pool, handle), ERR_STALE);
});

zoneTest('a stale handle stays stale when its cell lives again', options, (zone) => {
  const { kernel } = zone;
  const pool = kernel.zsCreate();
  const seen = new Set<number>();
  for (let life = 0; life < 20 * BATCH; life++) {
    const handle = add(zone, pool, patternOf(life, 60));
    assert.ok(!seen.has(handle));
    seen.add(handle);
    assert.equal(kernel.zsFree(pool, handle), 0);
    for (const old of [...seen].slice(-40)) assert.equal(kernel.zsFree(pool, old), ERR_STALE);
  }
});

zoneTest('a reader holds up what was freed, and nobody else', options, (zone) => {
  const { kernel } = zone;
  const reader = zone.join();
  const pool = kernel.zsCreate();
  const handles = Array.from({ length: 200 }, (_, i) => add(zone, pool, patternOf(i, 2000)));
  const held = kernel.zsPages();
  reader.enterSection();
  for (const handle of handles) assert.equal(kernel.zsFree(pool, handle), 0);
  kernel.reclaim();
  assert.equal(kernel.zsPages(), held, 'their room is kept');
  reader.leaveSection();
  drainLimbo(kernel);
  assert.ok(kernel.zsPages() < held / 2);
});

zoneTest('patterns have no word to link them: at last free is busy', options, (zone) => {
  const { kernel } = zone;
  const reader = zone.join();
  const pool = kernel.zsCreate();
  const handles = Array.from({ length: 3 * THREAD_FREED }, () =>
    add(zone, pool, new Uint8Array(64).fill(7)),
  );
  reader.enterSection();
  const codes = handles.map((handle) => kernel.zsFree(pool, handle));
  assert.ok(codes.includes(ERR_BUSY));
  const busy = handles.filter((_, i) => codes[i] === ERR_BUSY);
  for (const handle of busy) {
    assert.deepEqual(read(zone, kernel, pool, handle), new Uint8Array(64).fill(7));
  }
  reader.leaveSection();
  for (const handle of busy) assert.equal(kernel.zsFree(pool, handle), 0);
});

zoneTest('without memory a write changes nothing', options, (zone) => {
  const { kernel } = zone;
  const pool = kernel.zsCreate();
  const handle = add(zone, pool, patternOf(5, 3000));
  const fresh = kernel.zsMalloc(pool, 4096);
  const blocks = takeAllPages(kernel);
  assert.equal(write(zone, kernel, pool, fresh, patternOf(6, 4096)), ERR_NO_MEMORY);
  assert.deepEqual(read(zone, kernel, pool, fresh), new Uint8Array(4096));
  assert.equal(write(zone, kernel, pool, handle, patternOf(7, 4096)), ERR_NO_MEMORY);
  assert.deepEqual(read(zone, kernel, pool, handle), patternOf(5, 3000));
  assert.equal(kernel.zsFree(pool, handle), 0);
  for (const [pfn, order] of blocks) kernel.freePages(pfn, order);
  assert.equal(write(zone, kernel, pool, fresh, patternOf(6, 4096)), 0);
});

zoneTest('a thread that detaches leaves nothing behind', options, (zone) => {
  const { kernel } = zone;
  const pool = kernel.zsCreate();
  const other = zone.join();
  const handles = Array.from({ length: 50 }, (_, i) => other.zsMalloc(pool, i));
  for (const [i, handle] of handles.entries()) {
    assert.equal(write(zone, other, pool, handle, patternOf(i, 700)), 0);
  }
  for (const handle of handles.splice(10)) assert.equal(other.zsFree(pool, handle), 0);
  other.detach();
  for (const [i, handle] of handles.entries()) {
    assert.deepEqual(read(zone, kernel, pool, handle), patternOf(i, 700));
    assert.equal(kernel.zsFree(pool, handle), 0);
  }
});
