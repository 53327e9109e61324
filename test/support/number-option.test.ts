/** A number of a command line is one, or is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { numberOption } from './number-option.ts';

test('a number is taken, anything else is refused by its name', () => {
  assert.equal(numberOption('--sets', '50'), 50);
  assert.equal(numberOption('--seconds', 'Infinity'), Infinity);
  for (const text of ['100/50/5', '', ' ', 'NaN', '5s']) {
    assert.throws(() => numberOption('--sets', text), /--sets .*is no number/);
  }
});
