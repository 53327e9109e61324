/** Every scenario of the store passes: a file of its own, so that two processors share the work. */
import { testScenarios } from './scenario-tests.ts';
import { storeScenarios } from './scenarios/store.ts';

testScenarios(storeScenarios);
