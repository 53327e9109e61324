/** Every schedule of these, within their bounds. */
import { testScenarios } from '../scenario-tests.ts';
import { noteScenarios } from './notes.ts';

testScenarios(noteScenarios);
