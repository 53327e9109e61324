/**
 * A recorded history of `malloc` calls, replayed on pages: sizes rounded up to blocks of them.
 *
 * The file is not part of the project; where it is missing the test says so and is skipped.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import * as facts from '../../src/generated/facts.ts';
import { assertSound, createZone, type ZoneExports } from '../support/zone.ts';

const file = new URL('../../../shared/data/traces/git-log.mtr.gz', import.meta.url);
const skip = existsSync(file) ? false : 'git-log.mtr.gz is not there';

/** Records of 12 bytes: u8 operation, u8 thread, u16, u32 id, u32 size. */
const RECORD = 12;
const FREE = 1;
/** 2 GiB: at its peak the history has some 300,000 blocks. */
const WASM_PAGES = 32768;

const orderOf = (bytes: number): number =>
  Math.min(facts.MAX_ORDER, Math.ceil(Math.log2(Math.max(1, bytes / facts.PAGE_BYTES))));

/** Replays the history; each free names the order that the block was allocated with. */
function replay(kernel: ZoneExports, trace: DataView): Map<number, [pfn: number, order: number]> {
  const live = new Map<number, [pfn: number, order: number]>();
  for (let at = 0; at < trace.byteLength; at += RECORD) {
    const id = trace.getUint32(at + 4, true);
    const old = live.get(id);
    // A realloc is an allocation after a free.
    if (old !== undefined) assert.equal(kernel.freePages(...old), 0);
    live.delete(id);
    if (trace.getUint8(at) === FREE) continue;
    const order = orderOf(trace.getUint32(at + 8, true));
    const pfn = kernel.allocPages(order, 0);
    assert.ok(pfn > 0, `no block of order ${order} at record ${at / RECORD}`);
    live.set(id, [pfn, order]);
  }
  return live;
}

test('the allocations of git log, as pages', { skip }, () => {
  const bytes = gunzipSync(readFileSync(file));
  const { kernel } = createZone({ wasmPages: WASM_PAGES });
  const before = kernel.freePagesNow();
  const live = replay(kernel, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  assertSound(kernel);
  for (const block of live.values()) assert.equal(kernel.freePages(...block), 0);
  assert.equal(kernel.freePagesNow(), before);
  kernel.drainAll();
  for (let order = 0; order < facts.MAX_ORDER - 1; order++) {
    assert.ok(kernel.freeBlocks(order, facts.CLASS_ANY) <= 4, `order ${order} has not merged`);
  }
  assertSound(kernel);
});
