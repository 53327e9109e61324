/** What a thread keeps near while another one writes: never older than what it was told of. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Near } from '../../src/cache/near/near.ts';
import { readBeside } from './near-reads.ts';

test('a near hit is never stale beside a thread that sets, deletes, and deletes by tag', async () => {
  const { stale, hits, outdated } = await readBeside(50_000, 1000);
  assert.ok(hits >= 50_000 && outdated >= 1000);
  assert.equal(stale, 0);
});

test('a near hit that asks nobody is found', async () => {
  const { isCurrent } = Near.prototype;
  Near.prototype.isCurrent = () => true;
  try {
    assert.ok((await readBeside(50_000, 1000)).stale > 0);
  } finally {
    Near.prototype.isCurrent = isCurrent;
  }
});
