/** The scenarios of pack.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { packScenarios } from './pack.ts';

testScenarios(packScenarios);
