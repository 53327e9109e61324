/** The README's figures are those that were recorded. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { withFigures } from '../../scripts/readme-figures.ts';
import { root } from './packed.ts';

const readme = readFileSync(join(root, 'README.md'), 'utf8');
const records = join(root, 'bench/results');

test('the tables of the README say what bench/results does', () => {
  assert.equal(withFigures(readme, records), readme, 'npm run docs writes them');
});

test('a figure that somebody types is put right', () => {
  const typed = readme.replace(/(hit ratio, mean of 57 traces and sizes \| )[\d.]+/, '$199.9');
  assert.notEqual(typed, readme);
  assert.equal(withFigures(typed, records), readme);
});

test('a README without one of the tables is refused', () => {
  const without = readme.replace('<!-- measured: floors -->', '');
  assert.throws(() => withFigures(without, records), /no table floors/);
});
