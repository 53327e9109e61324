/** The scenarios of rings.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { ringScenarios } from './rings.ts';

testScenarios(ringScenarios);
