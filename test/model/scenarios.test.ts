/** Nothing of the kernel goes unseen, and every scenario but the store's own passes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audit } from './engine/index.ts';
import { loadKernel } from './kernel-model.ts';
import { testScenarios } from './scenario-tests.ts';
import { scenarios } from './scenarios/index.ts';
import { storeScenarios } from './scenarios/store.ts';

test('no memory instruction of the kernel is left without its step', () => {
  for (const build of ['release', 'test'] as const) {
    const { bytes, sites } = loadKernel(build);
    assert.deepEqual(audit(bytes, sites), [], build);
  }
});

testScenarios(scenarios.filter((scenario) => !storeScenarios.includes(scenario)));
