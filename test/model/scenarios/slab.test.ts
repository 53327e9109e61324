/** The scenarios of slab.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { slabScenarios } from './slab.ts';

testScenarios(slabScenarios);
