/** The scenarios of seldom.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { seldomScenarios } from './seldom.ts';

testScenarios(seldomScenarios);
