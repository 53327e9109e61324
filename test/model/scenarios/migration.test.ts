/** The scenarios of migration.ts hold. */
import { testScenarios } from '../scenario-tests.ts';
import { migrationScenarios } from './migration.ts';

testScenarios(migrationScenarios);
