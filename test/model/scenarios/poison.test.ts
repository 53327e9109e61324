/** The scenarios of poison.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { poisonScenarios } from './poison.ts';

testScenarios(poisonScenarios);
