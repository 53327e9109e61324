/** The scenarios of object-deaths.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { objectDeathScenarios } from './object-deaths.ts';

testScenarios(objectDeathScenarios);
