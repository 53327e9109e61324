/** Spans of the benchmarks: the longest of them, to one per cent, and waiting for a CPU. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Spans, waitedMs } from '../bench/cache/spans.ts';

test('spans tell the longest by rank, within one per cent', () => {
  const spans = new Spans();
  for (let span = 1; span <= 10_000; span++) spans.add(span / 1000);
  assert.equal(spans.count, 10_000);
  for (const rank of [1, 2, 100, 5000, 10_000]) {
    const exact = (10_001 - rank) / 1000;
    assert.ok(Math.abs(spans.longest(rank) / exact - 1) < 0.01, `rank ${rank}`);
  }
  assert.equal(spans.longest(10_001), 0);
});

test('what a thread has waited for a CPU only rises, and by no more than has gone by', () => {
  const start = performance.now();
  const before = waitedMs();
  for (let past = 0; past < 20; ) {
    const more = waitedMs() - before;
    past = performance.now() - start;
    assert.ok(more >= 0 && more <= past, `${more} ms of ${past}`);
  }
});
