/** The scenarios of freeze.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { freezeScenarios } from './freeze.ts';

testScenarios(freezeScenarios);
