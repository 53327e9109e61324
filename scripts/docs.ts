/** `npm run docs`: writes docs/api.md from what was built. */
import { writeFileSync } from 'node:fs';
import { apiReference } from './api-reference.ts';

writeFileSync('docs/api.md', apiReference('dist'));
