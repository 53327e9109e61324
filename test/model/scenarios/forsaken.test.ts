/** The scenarios of forsaken.ts hold; the one with a kill takes a minute: `npm run model`. */
import { testScenarios } from '../scenario-tests.ts';
import { forsakenScenarios } from './forsaken.ts';

testScenarios(forsakenScenarios.filter(({ kills }) => kills === undefined));
