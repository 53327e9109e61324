/** The scenarios of near.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { nearScenarios } from './near.ts';

testScenarios(nearScenarios);
