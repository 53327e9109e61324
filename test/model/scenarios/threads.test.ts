/** The scenarios of threads.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { threadScenarios } from './threads.ts';

testScenarios(threadScenarios);
