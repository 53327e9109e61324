/** The documents' figures are those that were recorded. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { measured, withFigures } from '../../scripts/figures.ts';
import { root } from './packed.ts';

const readme = readFileSync(join(root, 'README.md'), 'utf8');
const records = join(root, 'bench/results');

for (const [file, tables] of Object.entries(measured)) {
  test(`the tables of ${file} say what bench/results does`, () => {
    const text = readFileSync(join(root, file), 'utf8');
    assert.equal(withFigures(text, tables, records), text, 'npm run docs writes them');
  });
}

test('a figure that somebody types is put right', () => {
  const typed = readme.replace(/(hit ratio, mean of 57 traces and sizes \| )[\d.]+/, '$199.9');
  assert.notEqual(typed, readme);
  assert.equal(withFigures(typed, ['costs'], records), readme);
});

test('a document without one of its tables is refused', () => {
  const without = readme.replace('<!-- measured: speed -->', '');
  assert.throws(() => withFigures(without, ['costs', 'speed'], records), /no table speed/);
});
