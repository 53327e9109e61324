/** Calls of a tier: what a timer that comes a moment early does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Calls } from './calls.ts';

test('a time-out whose timer comes a moment early warns of nothing', async (t) => {
  const warnings: Error[] = [];
  const hear = (warning: Error) => warnings.push(warning);
  process.on('warning', hear);
  const calls = new Calls(5);
  // As if no time had passed: the timer has come five milliseconds early.
  t.mock.method(performance, 'now', () => 1000);
  assert.equal(await calls.read(() => new Promise(() => undefined)), undefined);
  await new Promise(setImmediate);
  process.off('warning', hear);
  assert.equal(calls.timeouts, 1);
  assert.deepEqual(warnings, []);
});
