/** Every schedule of these, within their bounds. */
import { testScenarios } from '../scenario-tests.ts';
import { leaseNeighbourScenarios } from './lease-neighbours.ts';

testScenarios(leaseNeighbourScenarios);
