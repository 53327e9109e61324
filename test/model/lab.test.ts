/** The lab's scenarios: what holds, and what is there to fail. */
import assert from 'node:assert/strict';
import { testsApart } from './engine/apart.ts';
import { hitsStranger, labScenarios, memoryFailures, runLab } from './lab-model.ts';

const test = testsApart(import.meta.url);

for (const scenario of labScenarios) {
  test(`model: ${scenario.name}: ${scenario.rule}`, async () => {
    const { failure, complete } = await runLab(scenario);
    if (scenario.breaks !== undefined) {
      assert.match(failure?.message ?? 'nothing was found', scenario.breaks);
      return;
    }
    assert.equal(failure, undefined, `${failure?.message}\n${failure?.trace}`);
    assert.ok(complete);
  });
}

test('two looks leave a gap, which random schedules meet less often than one look does', async () => {
  const shares: number[] = [];
  for (const name of ['reference', 'two-looks', 'look']) {
    let hits = 0;
    const check = (machine: Parameters<typeof hitsStranger>[0]): void => {
      if (hitsStranger(machine)) hits++;
    };
    const scenario = { ...memoryFailures[name]!, check };
    const { executions } = await runLab(scenario, { mode: 'uniform', maxExecutions: 12_000 });
    shares.push(hits / executions);
  }
  const [reference, twoLooks, look] = shares;
  assert.equal(reference, 0);
  assert.ok(twoLooks! > 0 && twoLooks! < look!, `${shares}`);
});
