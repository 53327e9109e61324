/**
 * Page words and descriptors in the two-word layout: nothing that the second word brings is seen.
 *
 * Every schedule with one preemption of the scenarios that read or write page words. The rules of
 * memory are left out: they know the words of the other layout by name (kernel-model.ts).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadTwoWord, runScenario } from './kernel-model.ts';
import { pageScenarios } from './scenarios/pages.ts';

for (const scenario of pageScenarios) {
  test(`two words: ${scenario.name}`, async () => {
    const { failure, complete } = await runScenario(loadTwoWord, scenario, {
      bound: 1,
      isLax: true,
    });
    assert.equal(failure, undefined, `${failure?.message}\n${failure?.trace}`);
    assert.ok(complete);
  });
}
