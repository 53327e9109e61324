/** The scenarios of handed-over.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { handedOverScenarios } from './handed-over.ts';

testScenarios(handedOverScenarios);
