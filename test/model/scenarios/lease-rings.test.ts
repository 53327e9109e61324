/** The scenarios of lease-rings.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { leaseRingScenarios } from './lease-rings.ts';

testScenarios(leaseRingScenarios);
