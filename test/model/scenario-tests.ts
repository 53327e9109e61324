/**
 * Makes a test of each scenario: it passes on the optimised binary, all schedules within its bound,
 * or as shortened.ts says.
 *
 * Called by a test file beside each file of scenarios; `npm test` runs all of these in one process.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KernelScenario } from './kernel-model.ts';
import { searchApart } from './search-apart.ts';
import { searchOf } from './shortened.ts';

export function testScenarios(scenarios: readonly KernelScenario[]): void {
  for (const scenario of scenarios) {
    const { name, rule } = scenario;
    const options = searchOf(scenario);
    const how = options.mode ?? `bound ${options.bound}`;
    test(`model: ${name}, ${how}: ${rule}`, async (context) => {
      const found = await searchApart({ name, build: 'release', options });
      const { failure, complete, executions, steps } = found;
      const story = [`broken: ${rule}`, failure?.message, failure?.schedule, failure?.trace];
      assert.equal(failure, undefined, story.join('\n'));
      assert.ok(complete || executions === options.maxExecutions);
      context.diagnostic(`${executions} executions, ${steps} steps`);
    });
  }
}
