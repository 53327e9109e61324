/** Every schedule of these, within their bounds, or as shortened.ts says. */
import { testScenarios } from '../scenario-tests.ts';
import { unwoundScenarios } from './unwound.ts';

testScenarios(unwoundScenarios);
