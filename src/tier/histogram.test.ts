/** Quantiles of calls, known within a factor of two. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Histogram } from './histogram.ts';

test('a quantile is what that share did not exceed, up to the next power of two', () => {
  const histogram = new Histogram();
  assert.deepEqual(histogram.summary(), { calls: 0, p50: 0, p99: 0, max: 0 });
  for (let i = 1; i <= 1000; i++) histogram.add(i / 10);
  const { calls, p50, p99, max } = histogram.summary();
  assert.deepEqual([calls, max], [1000, 100]);
  assert.ok(p50 >= 50 && p50 < 100, `${p50}`);
  assert.ok(p99 >= 99 && p99 <= 100, `${p99}`);
  assert.ok(histogram.quantile(0.01) >= 1 && histogram.quantile(0.01) < 2.1);
});

test('calls of no time, and of hours, have their place', () => {
  const histogram = new Histogram();
  histogram.add(0);
  assert.equal(histogram.quantile(0.5), 0);
  histogram.add(5e6);
  assert.equal(histogram.quantile(1), 5e6);
});
