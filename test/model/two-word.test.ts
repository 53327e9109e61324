/**
 * Page words and descriptors in the two-word layout: nothing that the second word brings is seen.
 *
 * Every schedule with one preemption, with deaths without one, of the scenarios that read or write
 * page words. The rules of memory are left out: they know the words of the other layout by name
 * (kernel-model.ts).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadTwoWord, runScenario } from './kernel-model.ts';
import { compactionScenarios } from './scenarios/compaction.ts';
import { folioScenarios } from './scenarios/folios.ts';
import { freezeScenarios } from './scenarios/freeze.ts';
import { pageScenarios } from './scenarios/pages.ts';
import { withdrawScenarios } from './scenarios/withdraw.ts';

const scenarios = [
  ...pageScenarios,
  ...folioScenarios,
  ...freezeScenarios,
  ...compactionScenarios,
  ...withdrawScenarios,
];

/** Two deaths in one execution are left to the first layout. */
for (const scenario of scenarios.filter(({ kills = 0 }) => kills < 2)) {
  test(`two words: ${scenario.name}`, async () => {
    const { failure, complete } = await runScenario(loadTwoWord, scenario, {
      bound: scenario.kills === undefined ? 1 : 0,
      isLax: true,
    });
    assert.equal(failure, undefined, `${failure?.message}\n${failure?.trace}`);
    assert.ok(complete);
  });
}
