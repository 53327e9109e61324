/** The scenarios of limbo.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { limboScenarios } from './limbo.ts';

testScenarios(limboScenarios);
