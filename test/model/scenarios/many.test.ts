/** The scenarios of many.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { manyScenarios } from './many.ts';

testScenarios(manyScenarios);
