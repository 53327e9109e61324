/** The scenarios of short.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { shortScenarios } from './short.ts';

testScenarios(shortScenarios);
