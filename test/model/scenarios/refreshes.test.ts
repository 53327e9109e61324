/** The scenarios of refreshes.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { refreshScenarios } from './refreshes.ts';

testScenarios(refreshScenarios);
