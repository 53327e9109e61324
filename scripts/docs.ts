/** `npm run docs`: writes docs/api.md from what was built, and the documents' tables of figures. */
import { readFileSync, writeFileSync } from 'node:fs';
import { apiReference } from './api-reference.ts';
import { measured, withFigures } from './figures.ts';

writeFileSync('docs/api.md', apiReference('dist'));
for (const [file, tables] of Object.entries(measured)) {
  writeFileSync(file, withFigures(readFileSync(file, 'utf8'), tables, 'bench/results'));
}
