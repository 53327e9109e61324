/** The scenarios of store.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { storeScenarios } from './store.ts';

testScenarios(storeScenarios);
