/** Every race that is allowed is seen: the list holds no more than it must. */
import assert from 'node:assert/strict';
import { testsApart } from './engine/apart.ts';
import { loadKernel, memoryRules, runScenario } from './kernel-model.ts';
import { allowedRaces } from './races.ts';
import { scenarios } from './scenarios/index.ts';

const test = testsApart(import.meta.url);

for (const race of allowedRaces) {
  test(`model: ${race.seenIn} has the race of ${race.place}`, async () => {
    let isSeen = false;
    const observer = memoryRules((rule) => {
      isSeen ||= rule === race;
    });
    const scenario = scenarios.find(({ name }) => name === race.seenIn);
    assert.ok(scenario);
    await runScenario(loadKernel, scenario, { observer, bound: 0 });
    if (!isSeen) await runScenario(loadKernel, scenario, { observer, bound: 1 });
    assert.ok(isSeen, race.because);
  });
}
