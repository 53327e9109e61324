/**
 * Two processes over a Redis that is killed twice: shortly, and with few keys so that they meet.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leftOut } from '../support/redis-server.ts';
import { twoProcesses } from './two-processes.ts';

test('no value is older than the last acknowledged change by more than maxStaleMs', {
  skip: leftOut,
}, async () => {
  const { reads, acked, stale, worstMs } = await twoProcesses(3, 50);
  assert.ok(reads > 100 && acked > 100, `${reads} reads, ${acked} acknowledged writes`);
  assert.equal(stale, 0, `${stale} of ${reads} reads; the worst ${worstMs} ms behind`);
});
