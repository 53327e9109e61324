/** Every race that is allowed is seen: the list holds no more than it must. */
import assert from 'node:assert/strict';
import { testsApart } from './engine/apart.ts';
import { Violation } from './engine/index.ts';
import { loadKernel, memoryRules, runScenario } from './kernel-model.ts';
import { allowedRaces } from './races.ts';
import { scenarios } from './scenarios/index.ts';

const test = testsApart(import.meta.url);

for (const race of allowedRaces) {
  test(`model: ${race.seenIn} has the race of ${race.place}`, async () => {
    // Once it is seen, the search is over.
    const observer = memoryRules((rule) => {
      if (rule === race) throw new Violation('seen');
    });
    const scenario = scenarios.find(({ name }) => name === race.seenIn);
    assert.ok(scenario);
    const within = (bound: number) => runScenario(loadKernel, scenario, { observer, bound });
    const { failure } = await within(0);
    const message = failure?.message ?? (await within(1)).failure?.message;
    assert.equal(message, 'seen', race.because);
  });
}
