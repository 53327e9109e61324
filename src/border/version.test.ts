/** Which versions work together. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { abi, abiOf, ownVersion } from './version.ts';

test('patches of a minor version of 0.x work together, minor versions do not', () => {
  assert.equal(abiOf('0.1.7 (zone format 14)'), '0.1 (zone format 14)');
  assert.equal(abiOf('0.12.0-beta.1 (zone format 14)'), '0.12 (zone format 14)');
  assert.notEqual(abiOf('0.1.7 (zone format 14)'), abiOf('0.1.7 (zone format 15)'));
});

test('from 1.0 on it is the major version', () => {
  assert.equal(abiOf('1.2.3 (zone format 20)'), '1 (zone format 20)');
  assert.equal(abiOf('12.0.0 (zone format 20)'), '12 (zone format 20)');
});

test('this version is one of its own', () => {
  assert.match(ownVersion, /^\d+\.\d+\.\d+\S* \(zone format \d+\)$/);
  assert.equal(abiOf(ownVersion), abi);
});
