/** The scenarios of compaction.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { compactionScenarios } from './compaction.ts';

testScenarios(compactionScenarios);
