/**
 * The cache in its smallest geometry: lines, rings and pages of queues that a few entries fill, and
 * counts that come round, make no difference.
 *
 * Short walks of each of the cache's scenarios: those that no schedule of the geometry that ships
 * gets to are in reach of these. `npm run small` searches all of them within their bounds.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cacheScenarios } from './scenarios/index.ts';
import { searchApart } from './search-apart.ts';

const WALKS = { mode: 'uniform', seed: 1, maxExecutions: 8 } as const;

for (const { name } of cacheScenarios) {
  test(`small: ${name}`, async () => {
    const { failure } = await searchApart({ name, build: 'small', options: WALKS });
    assert.equal(failure, undefined, `${failure?.message}\n${failure?.trace}`);
  });
}
