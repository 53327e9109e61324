/** Kills, short: some dozens of threads in each of three mixes, and nothing is left of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kills } from './kills.ts';

for (const sets of [100, 50, 5]) {
  test(`threads are killed that set ${sets} times of a hundred`, async (context) => {
    const report = await kills({ kills: 20, sets, workers: 3 });
    context.diagnostic(JSON.stringify(report));
    assert.equal(report.kills, 20);
    assert.equal(report.noMemory, 0);
    assert.ok(report.chapters === 1 && report.evictions > 0);
  });
}
