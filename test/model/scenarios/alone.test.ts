/** The scenarios of alone.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { aloneScenarios } from './alone.ts';

testScenarios(aloneScenarios);
