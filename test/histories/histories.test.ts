/** Histories, short: of a cache with room, of one without, and of some that lie. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAULTS } from './faults.ts';
import { histories } from './histories.ts';

test('killed threads and all: every key of a cache with room is linearizable', async (context) => {
  const { violation, before, ...figures } = await histories({ operations: 8000 });
  context.diagnostic(JSON.stringify(figures));
  assert.equal(violation, undefined, JSON.stringify({ violation, before }));
  assert.ok(figures.operations >= 8000 && figures.kills >= 5);
  assert.equal(figures.evictions, 0);
});

test('short of memory as well, if a miss is what it is', async (context) => {
  const plan = { operations: 8000, isEvicting: true };
  const { violation, before, ...figures } = await histories(plan);
  context.diagnostic(JSON.stringify(figures));
  assert.equal(violation, undefined, JSON.stringify({ violation, before }));
  assert.ok(figures.operations >= 8000 && figures.evictions > 0);
});

for (const fault of FAULTS) {
  test(`a cache that lies is found out: ${fault}`, async () => {
    for (let tries = 0; tries < 10; tries++) {
      const { violation } = await histories({ operations: 6000, hasKills: false, fault });
      if (violation !== undefined) return;
    }
    assert.fail('nothing was found in ten histories');
  });
}
