/** The scenarios of folios.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { folioScenarios } from './folios.ts';

testScenarios(folioScenarios);
