/** The scenarios of entries.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { entryScenarios } from './entries.ts';

testScenarios(entryScenarios);
