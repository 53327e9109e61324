/** Every scenario passes on the release binary, all schedules within its bound. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AllowedRace, audit } from './engine/index.ts';
import { loadKernel, memoryRules, runScenario } from './kernel-model.ts';
import { allowedRaces } from './races.ts';
import { scenarios } from './scenarios/index.ts';

const kernel = loadKernel();
const seenRaces = new Set<AllowedRace>();

test('no memory instruction of the kernel is left without its step', () => {
  assert.deepEqual(audit(kernel.bytes, kernel.sites), []);
});

for (const scenario of scenarios) {
  test(`model: ${scenario.name}, bound ${scenario.bound}`, async (context) => {
    const observer = memoryRules((race) => seenRaces.add(race));
    const report = await runScenario(kernel, scenario, { observer });
    const { failure } = report;
    assert.equal(
      failure,
      undefined,
      `${failure?.message}\n${failure?.schedule}\n${failure?.trace}`,
    );
    assert.ok(report.complete);
    context.diagnostic(`${report.executions} executions, ${report.steps} steps`);
  });
}

test('every race that is allowed was seen: the list holds no more than it must', () => {
  const unseen = allowedRaces.filter((race) => !seenRaces.has(race));
  assert.deepEqual(unseen, []);
});
