/** The scenarios of frames.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { frameScenarios } from './frames.ts';

testScenarios(frameScenarios);
