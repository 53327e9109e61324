/** The checker sees a fault: the kernel without the recheck of `pin` fails its scenario. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

test('a kernel that pins without the recheck is caught', () => {
  const args = ['test/model/mutants.ts', 'pin without the recheck', 'readers without a section'];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  assert.match(stdout, /^2 mutants, 2 caught$/m, stdout + stderr);
});
