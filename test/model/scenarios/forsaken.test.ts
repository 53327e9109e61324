/** The scenarios of forsaken.ts hold; of the one with a kill, the schedules that are drawn. */
import { testScenarios } from '../scenario-tests.ts';
import { forsakenScenarios } from './forsaken.ts';

testScenarios(forsakenScenarios);
