/** The scenarios of counts.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { countScenarios } from './counts.ts';

testScenarios(countScenarios);
