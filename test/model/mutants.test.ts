/** The checker sees a fault: a few mutants, written and generated, of each kind, are caught. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

const sample = [
  'pin without the recheck',
  'readers without a section',
  'memdesc/page-word.ts:\\d+:recheck',
  'a pin is written down after',
  'memdesc/header.ts:\\d+:torn casWord\\(refsAt\\(desc\\), seen, seen \\+ 1\\)',
  'thread/lock.ts:\\d+:drop wakeWord\\(at, 1\\)',
];

test('a kernel with one thing wrong is caught', () => {
  const args = ['test/model/mutants.ts', '--only', `^(${sample.join('|')})`];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  assert.match(stdout, /^6 mutants, 6 caught$/m, stdout + stderr);
});
