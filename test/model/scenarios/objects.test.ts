/** The scenarios of objects.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { objectScenarios } from './objects.ts';

testScenarios(objectScenarios);
