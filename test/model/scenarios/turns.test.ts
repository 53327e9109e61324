/** The scenarios of turns.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { turnScenarios } from './turns.ts';

testScenarios(turnScenarios);
