/** The scenarios of wraps.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { wrapScenarios } from './wraps.ts';

testScenarios(wrapScenarios);
