/** The scenarios of conditions.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { conditionScenarios } from './conditions.ts';

testScenarios(conditionScenarios);
