/** The scenarios of pages.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { pageScenarios } from './pages.ts';

testScenarios(pageScenarios);
