/** Under Jest, as ES modules. */
import * as pageless from 'pageless';
import { cases } from './cases.mjs';

for (const [name, run] of cases(pageless, import.meta.dirname)) test(name, run);
