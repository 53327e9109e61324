/**
 * Page words and descriptors in the two-word layout: nothing that the second word brings is seen.
 *
 * Every schedule with one preemption, with deaths without one, of the scenarios that read or write
 * page words. The rules of memory are left out: they know the words of the other layout by name
 * (kernel-model.ts).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compactionScenarios } from './scenarios/compaction.ts';
import { folioScenarios } from './scenarios/folios.ts';
import { freezeScenarios } from './scenarios/freeze.ts';
import { pageScenarios } from './scenarios/pages.ts';
import { withdrawScenarios } from './scenarios/withdraw.ts';
import { searchApart } from './search-apart.ts';

const scenarios = [
  ...pageScenarios,
  ...folioScenarios,
  ...freezeScenarios,
  ...compactionScenarios,
  ...withdrawScenarios,
];

/** Two deaths in one execution are left to the first layout. */
for (const { name, kills = 0 } of scenarios.filter(({ kills = 0 }) => kills < 2)) {
  test(`two words: ${name}`, async () => {
    const options = { bound: kills === 0 ? 1 : 0, isLax: true };
    const { failure, complete } = await searchApart({ name, build: 'two-word', options });
    assert.equal(failure, undefined, `${failure?.message}\n${failure?.trace}`);
    assert.ok(complete);
  });
}
