/** The scenarios of lease-ends.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { leaseEndScenarios } from './lease-ends.ts';

testScenarios(leaseEndScenarios);
