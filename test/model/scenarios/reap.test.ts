/** The scenarios of reap.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { reapScenarios } from './reap.ts';

testScenarios(reapScenarios);
