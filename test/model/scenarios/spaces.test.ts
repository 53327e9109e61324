/** The scenarios of spaces.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { spaceScenarios } from './spaces.ts';

testScenarios(spaceScenarios);
