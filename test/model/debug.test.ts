/**
 * Contexts: what functions ask of their callers is so in every kind of call, and in every repair.
 *
 * The debug build asserts it (kernel/thread/context.ts), and this runs the scenarios on that
 * build: the first schedules with one preemption; where somebody dies, deaths drawn at random. The
 * rules of memory are left out: they are proven on the build that ships, and filling pages breaks
 * them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Scenario } from './engine/index.ts';
import { loadDebug, runScenario } from './kernel-model.ts';
import { scenarios } from './scenarios/index.ts';

const SCHEDULES: Partial<Scenario> = { bound: 1, maxExecutions: 40 };
const DEATHS: Partial<Scenario> = { mode: 'uniform', seed: 1, maxExecutions: 60 };

for (const scenario of scenarios) {
  test(`asserted: ${scenario.name}`, async () => {
    const options = scenario.kills === undefined ? SCHEDULES : DEATHS;
    // A walk comes where a compactor that waits for a pin has nobody to wake it, which is bounded.
    const patient = scenario.kills === undefined ? scenario : { ...scenario, timesOut: true };
    const { failure } = await runScenario(loadDebug, patient, { ...options, isLax: true });
    assert.equal(failure, undefined, `${failure?.message}\n${failure?.trace.slice(-3000)}`);
  });
}
