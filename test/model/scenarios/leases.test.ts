/** The scenarios of leases.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { leaseScenarios } from './leases.ts';

testScenarios(leaseScenarios);
