/** Every schedule of these, within their bounds. */
import { testScenarios } from '../scenario-tests.ts';
import { shortUnwound } from './unwound.ts';

testScenarios(shortUnwound);
