/** The scenarios of tags.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { tagScenarios } from './tags.ts';

testScenarios(tagScenarios);
