/** Every scenario passes on the release binary, all schedules within its bound. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audit } from './engine/index.ts';
import { loadKernel, runScenario } from './kernel-model.ts';
import { scenarios } from './scenarios/index.ts';

const kernel = loadKernel();

test('no memory instruction of the kernel is left without its step', () => {
  assert.deepEqual(audit(kernel.bytes, kernel.sites), []);
});

for (const scenario of scenarios) {
  test(`model: ${scenario.name}, bound ${scenario.bound}`, async (context) => {
    const report = await runScenario(kernel, scenario);
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
