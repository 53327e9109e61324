/** The scenarios of cut-leases.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { cutLeaseScenarios } from './cut-leases.ts';

testScenarios(cutLeaseScenarios);
