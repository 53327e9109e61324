/** The scenarios of store-deaths.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { storeDeathScenarios } from './store-deaths.ts';

testScenarios(storeDeathScenarios);
