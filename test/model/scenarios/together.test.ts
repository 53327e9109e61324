/** The scenarios of together.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { togetherScenarios } from './together.ts';

testScenarios(togetherScenarios);
