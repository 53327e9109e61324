/** `npm run docs`: writes docs/api.md from what was built, and the README's tables of figures. */
import { readFileSync, writeFileSync } from 'node:fs';
import { apiReference } from './api-reference.ts';
import { withFigures } from './readme-figures.ts';

writeFileSync('docs/api.md', apiReference('dist'));
writeFileSync('README.md', withFigures(readFileSync('README.md', 'utf8'), 'bench/results'));
