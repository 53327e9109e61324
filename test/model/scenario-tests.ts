/**
 * Makes a test of each scenario: it passes on the optimised binary, all schedules within its bound.
 *
 * Called by a test file beside each file of scenarios, so that two processors share them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type KernelScenario, loadKernel, runScenario } from './kernel-model.ts';

export function testScenarios(scenarios: readonly KernelScenario[]): void {
  for (const scenario of scenarios) {
    test(`model: ${scenario.name}, bound ${scenario.bound}`, async (context) => {
      const { failure, complete, executions, steps } = await runScenario(loadKernel, scenario);
      const story = `${failure?.message}\n${failure?.schedule}\n${failure?.trace}`;
      assert.equal(failure, undefined, story);
      assert.ok(complete);
      context.diagnostic(`${executions} executions, ${steps} steps`);
    });
  }
}
