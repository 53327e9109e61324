/** Under vitest, in each of its pools. */
import * as pageless from 'pageless';
import { test } from 'vitest';
import { cases } from './cases.mjs';

for (const [name, run] of cases(pageless, import.meta.dirname)) test(name, run);
