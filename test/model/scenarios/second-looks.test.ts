/** Every schedule of these, within their bounds. */
import { testScenarios } from '../scenario-tests.ts';
import { secondLookScenarios } from './second-looks.ts';

testScenarios(secondLookScenarios);
