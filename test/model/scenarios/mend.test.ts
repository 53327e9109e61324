/** The scenarios of mend.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { mendScenarios } from './mend.ts';

testScenarios(mendScenarios);
