/**
 * Several processes over one tier while things are killed: shortly, and with few keys so that they
 * meet.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leftOut } from '../support/redis-server.ts';
import { type Run, run } from './two-processes.ts';

for (const { skip, ...options } of [
  { kind: 'redis', processes: 2, seconds: 3, keys: 50, skip: leftOut },
  { kind: 'redis', processes: 3, seconds: 2, keys: 20, skip: leftOut },
  { kind: 'lmdb', processes: 3, seconds: 2, keys: 20, skip: false },
] as (Run & { skip: string | false })[]) {
  const { kind, processes } = options;
  test(`${kind}, ${processes} processes: nothing is older than maxStaleMs`, { skip }, async () => {
    const { reads, acked, stale, worstMs } = await run(options);
    assert.ok(reads > 100 && acked > 100, `${reads} reads, ${acked} acknowledged writes`);
    assert.equal(stale, 0, `${stale} of ${reads} reads; the worst ${worstMs} ms behind`);
  });
}

test('who is told of nothing and believes for ever is found out', { skip: leftOut }, async () => {
  const options: Run = { kind: 'redis', processes: 2, seconds: 2, keys: 20, isDeaf: true };
  const { stale } = await run(options);
  assert.ok(stale > 0);
});
