/** The scenarios of queue-deaths.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { queueDeathScenarios } from './queue-deaths.ts';

testScenarios(queueDeathScenarios);
