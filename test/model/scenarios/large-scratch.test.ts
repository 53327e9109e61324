/** The scenarios of large-scratch.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { largeScratchScenarios } from './large-scratch.ts';

testScenarios(largeScratchScenarios);
