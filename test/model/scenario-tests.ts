/**
 * Makes a test of each scenario: it passes on the optimised binary, all schedules within its bound,
 * or as shortened.ts says.
 *
 * Called by a test file beside each file of scenarios; `npm test` runs all of these in one process.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type KernelScenario, loadKernel, runScenario } from './kernel-model.ts';
import { searchOf } from './shortened.ts';

export function testScenarios(scenarios: readonly KernelScenario[]): void {
  for (const scenario of scenarios) {
    const search = searchOf(scenario);
    const how = search.mode ?? `bound ${search.bound}`;
    test(`model: ${scenario.name}, ${how}: ${scenario.rule}`, async (context) => {
      const found = await runScenario(loadKernel, scenario, search);
      const { failure, complete, executions, steps } = found;
      const story = [
        `broken: ${scenario.rule}`,
        failure?.message,
        failure?.schedule,
        failure?.trace,
      ];
      assert.equal(failure, undefined, story.join('\n'));
      assert.ok(complete || executions === search.maxExecutions);
      context.diagnostic(`${executions} executions, ${steps} steps`);
    });
  }
}
