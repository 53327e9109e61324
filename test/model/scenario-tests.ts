/**
 * Makes a test of each scenario: it passes on the optimised binary, all schedules within its bound,
 * or within a lower one where that takes some ten seconds, or five hundred drawn at random
 * where even that does: `npm run model` searches all of it, and the mutants are hunted with it.
 *
 * Called by a test file beside each file of scenarios, so that two processors share them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Scenario } from './engine/index.ts';
import { type KernelScenario, loadKernel, runScenario } from './kernel-model.ts';

const lowered: Record<string, number> = {
  'order-3-killed': 0,
  'order-6-killed': 0,
  'order-8-killed': 0,
  'drain-killed': 0,
  'recover-killed': 0,
  'increment-killed-survived': 0,
  'lease-overtaken-killed-survived': 0,
  'lease-killed-survived': 0,
  'limbo-done-killed': 0,
  'refill-killed': 0,
  'migrate-killed-pin': 0,
  'migrate-killed-free': 0,
  'migrate-read-killed': 0,
  'alloc-free-killed': 0,
  'lock-handoff-killed': 0,
  'shrink-pin-killed': 0,
  'free-stale-killed': 0,
  'free-pin-killed': 0,
  'publish-pin-killed': 0,
  'object-free-free-killed': 0,
  'part-killed': 0,
  'evict-get': 1,
  'get-expired-set': 1,
  'get-expired-reuse': 1,
  'migrate-split': 1,
  'attach-killed': 0,
  'deaths-proven-apart': 1,
  'recover-set': 1,
  'figures-writers': 1,
  'check-set': 1,
  'set-set-same-key': 1,
  'object-overwrite-overwrite': 1,
  'object-compact-compact': 1,
  'drain-against-drain': 1,
  'many-get-expired': 1,
  'many-set-get': 1,
  'many-get-overwrite-reuse': 1,
};

/** Of these, five hundred executions. */
const drawn = new Set([
  'recover-killed-debts',
  'ring-full-drained-killed',
  'reap-killed',
  'reap-unwound',
  'lease-hand-over-killed-survived',
  'lease-dead-killed-survived',
  'lease-late-killed-survived',
  'lease-refresh-killed-survived',
  'near-set-killed-survived',
  'object-overwrite-killed',
  'migrate-killed-twice',
  'update-killed-survived',
  'get-killed',
]);

function searchOf({
  name,
  bound,
}: KernelScenario): Pick<Scenario, 'bound' | 'mode' | 'seed' | 'maxExecutions'> {
  if (drawn.has(name)) return { mode: 'uniform', seed: 1, maxExecutions: 500 };
  return { bound: lowered[name] ?? bound };
}

export function testScenarios(scenarios: readonly KernelScenario[]): void {
  for (const scenario of scenarios) {
    const search = searchOf(scenario);
    const how = search.mode ? 'drawn' : `bound ${search.bound}`;
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
