/** zsmalloc against a map of bytes: what was written is read, in whatever order things go. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as facts from '../../src/generated/facts.ts';
import { type Seeded, seeded } from '../support/seeded.ts';
import { assertBytes } from '../support/store-face.ts';
import {
  assertPoolSound,
  assertSound,
  createZone,
  drainLimbo,
  type TestZone,
} from '../support/zone.ts';

const { CACHE_CELL, MAX_PAYLOAD, PAGE_BYTES } = facts;

/** Objects of a few sizes at a time, so that zspages fill up. */
function anyPayload(run: Seeded, sizes: number[]): number {
  return run.int(10) === 0 ? run.int(MAX_PAYLOAD + 1) : sizes[run.int(sizes.length)]!;
}

function anyBytes(run: Seeded, n: number): Uint8Array {
  const [start, step] = [run.int(256), 1 + run.int(255)];
  return Uint8Array.from({ length: n }, (_, i) => start + i * step + (i >> 7));
}

function checkValue({ kernel, bytes }: TestZone, handle: number, expected: Uint8Array): void {
  const to = kernel.outputScratch();
  bytes.fill(0xee, to, to + expected.length + 1);
  kernel.zsRead(kernel.zsPlace(handle), 0, to, expected.length);
  assertBytes(bytes.subarray(to, to + expected.length), expected, `object ${handle}`);
  assert.equal(bytes[to + expected.length], 0xee, 'read too much');
}

/** A part of a value, from and to anywhere. */
function checkPart(
  run: Seeded,
  { kernel, bytes }: TestZone,
  handle: number,
  all: Uint8Array,
): void {
  const from = run.int(all.length + 1);
  const n = run.int(all.length + 1 - from);
  kernel.zsRead(kernel.zsPlace(handle), from, kernel.outputScratch(), n);
  const at = kernel.outputScratch();
  assertBytes(bytes.subarray(at, at + n), all.subarray(from, from + n), 'part');
}

function churn(run: Seeded, build: 'test' | 'debug'): void {
  const zone = createZone({ build, hasStore: true });
  const { kernel, bytes } = zone;
  const model = new Map<number, Uint8Array>();
  const sizes = Array.from({ length: 1 + run.int(6) }, () => run.int(MAX_PAYLOAD + 1));
  for (let phase = 0; phase < 20 && run.hasTime(); phase++) {
    const growth = run.int(10);
    for (let left = run.int(300); left > 0; left--) {
      if (run.int(10) < growth) {
        const value = anyBytes(run, anyPayload(run, sizes));
        const handle = kernel.zsAlloc(value.length) >>> 0;
        if (handle === 0) continue;
        assert.ok(!model.has(handle));
        bytes.set(value, kernel.inputScratch());
        kernel.zsWrite(kernel.zsPlace(handle), 0, kernel.inputScratch(), value.length);
        kernel.zsSettle(handle);
        model.set(handle, value);
      } else if (model.size > 0) {
        const all = [...model.keys()];
        const handle = all[run.int(all.length)]!;
        checkValue(zone, handle, model.get(handle)!);
        if (run.int(2)) kernel.zsRetire(handle);
        kernel.zsRelease(handle);
        model.delete(handle);
      }
    }
    if (run.int(2)) kernel.reclaim();
    for (const [handle, value] of model) checkPart(run, zone, handle, value);
    assert.equal(kernel.cacheInUse(CACHE_CELL), model.size);
    const payload = [...model.values()].reduce((sum, value) => sum + value.length, 0);
    assert.ok(kernel.zsPages() * PAGE_BYTES >= payload);
    assertPoolSound(kernel);
  }
  for (const [handle, value] of model) checkValue(zone, handle, value);
  for (const handle of model.keys()) kernel.zsRelease(handle);
  drainLimbo(kernel);
  assert.equal(kernel.zsPages(), 0);
  assertSound(kernel);
}

for (const build of ['test', 'debug'] as const) {
  test(`random objects come back as they were (${build} build)`, () => {
    const run = seeded(`zsmalloc ${build}`);
    while (run.hasTime()) churn(run, build);
  });
}
