/** The scenarios of rcu.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { rcuScenarios } from './rcu.ts';

testScenarios(rcuScenarios);
