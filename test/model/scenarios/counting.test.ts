/** The scenarios of counting.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { countingScenarios } from './counting.ts';

testScenarios(countingScenarios);
