/** The breaker opens after failures in a row, lets one call try, and waits longer each time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Breaker, FAILURES, FIRST_PAUSE_MS, MAX_PAUSE_MS, pauseMs } from './breaker.ts';
import { Histogram } from './histogram.ts';

function open() {
  const clock = { now: 1000 };
  const breaker = new Breaker(
    () => clock.now,
    () => 0,
  );
  for (let i = 0; i < FAILURES; i++) {
    assert.equal(breaker.state, 'closed');
    assert.ok(breaker.enter());
    breaker.failed();
  }
  return { breaker, clock };
}

test('failures in a row open it, single ones do not', () => {
  const breaker = new Breaker(() => 0);
  for (let i = 0; i < 20; i++) {
    for (let failures = 1; failures < FAILURES; failures++) breaker.failed();
    breaker.succeeded();
  }
  assert.equal(breaker.state, 'closed');
  assert.equal(open().breaker.state, 'open');
});

test('one call tries, and closes it or opens it for twice as long', () => {
  const { breaker, clock } = open();
  for (let pause = FIRST_PAUSE_MS; pause < 10 * MAX_PAUSE_MS; pause *= 2) {
    const ms = Math.min(pause, MAX_PAUSE_MS);
    assert.ok(!breaker.enter());
    assert.equal(breaker.waitMs, ms);
    clock.now += ms - 1;
    assert.ok(!breaker.enter());
    clock.now += 1;
    assert.equal(breaker.state, 'half-open');
    assert.ok(breaker.enter());
    assert.ok(!breaker.enter(), 'one at a time');
    breaker.failed();
    assert.equal(breaker.state, 'open');
  }
  clock.now += MAX_PAUSE_MS;
  assert.ok(breaker.enter());
  breaker.succeeded();
  assert.equal(breaker.state, 'closed');
  assert.equal(breaker.waitMs, 0);
  for (let i = 0; i < FAILURES; i++) breaker.failed();
  assert.equal(breaker.waitMs, FIRST_PAUSE_MS);
});

test('calls that were under way when it opened do not make the pause longer', () => {
  const { breaker } = open();
  for (let i = 0; i < 10; i++) breaker.failed();
  assert.equal(breaker.waitMs, FIRST_PAUSE_MS);
});

test('pauses are shortened by up to half at random', () => {
  assert.equal(
    pauseMs(1, () => 0),
    2 * FIRST_PAUSE_MS,
  );
  assert.equal(
    pauseMs(1, () => 1),
    FIRST_PAUSE_MS,
  );
  assert.equal(
    pauseMs(1000, () => 0),
    MAX_PAUSE_MS,
  );
});

test('a histogram tells quantiles within a factor of two', () => {
  const histogram = new Histogram();
  assert.deepEqual(histogram.summary(), { calls: 0, p50: 0, p99: 0, max: 0 });
  for (let ms = 1; ms <= 1000; ms++) histogram.add(ms);
  const { calls, p50, p99, max } = histogram.summary();
  assert.equal(calls, 1000);
  assert.equal(max, 1000);
  assert.ok(p50 >= 500 && p50 <= 1000, `${p50}`);
  assert.ok(p99 >= 990 && p99 <= 1000, `${p99}`);
});
