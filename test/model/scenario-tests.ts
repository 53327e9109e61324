/**
 * Makes a test of each scenario: it passes on the optimised binary, all schedules within its bound,
 * or within a lower one where that takes some ten seconds: `npm run model` searches all of it, and
 * the mutants are hunted with it.
 *
 * Called by a test file beside each file of scenarios, so that two processors share them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type KernelScenario, loadKernel, runScenario } from './kernel-model.ts';

const lowered: Record<string, number> = {
  'order-3-killed': 0,
  'order-6-killed': 0,
  'order-8-killed': 0,
  'drain-killed': 0,
  'recover-killed': 0,
  'figures-writers': 1,
  'check-set': 1,
  'set-set-same-key': 1,
  'object-overwrite-overwrite': 1,
  'object-compact-compact': 1,
  'drain-against-drain': 1,
  'many-get-expired': 1,
  'many-get-overwrite-reuse': 1,
};

export function testScenarios(scenarios: readonly KernelScenario[]): void {
  for (const scenario of scenarios) {
    const bound = lowered[scenario.name] ?? scenario.bound;
    test(`model: ${scenario.name}, bound ${bound}: ${scenario.rule}`, async (context) => {
      const found = await runScenario(loadKernel, { ...scenario, bound });
      const { failure, complete, executions, steps } = found;
      const story = [
        `broken: ${scenario.rule}`,
        failure?.message,
        failure?.schedule,
        failure?.trace,
      ];
      assert.equal(failure, undefined, story.join('\n'));
      assert.ok(complete);
      context.diagnostic(`${executions} executions, ${steps} steps`);
    });
  }
}
