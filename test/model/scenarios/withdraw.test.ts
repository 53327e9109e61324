/** The scenarios of withdraw.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { withdrawScenarios } from './withdraw.ts';

testScenarios(withdrawScenarios);
