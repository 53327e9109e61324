/** Every benchmark suite runs, tiny, and ends with the object that machines read. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { before, test } from 'node:test';
import { compileAllKernels, compileQuickly } from '../bench/artifact.ts';
import { PATIENCE_MS } from './support/patience.ts';

before(async () => {
  compileQuickly();
  await compileAllKernels();
});

const run = (...args: string[]): string => {
  const command = ['bench/run.ts', ...args];
  return execFileSync(process.execPath, command, { encoding: 'utf8', timeout: PATIENCE_MS });
};

for (const suite of run().trim().split('\n')) {
  test(`bench ${suite} runs`, () => {
    const report = JSON.parse(run(suite, '--tiny', '--json').trim().split('\n').at(-1) ?? '');
    assert.equal(report.suite, suite);
    assert.ok(report.machine && report.node && report.results.length > 0);
    for (const { name, value, unit, peer, ratio } of report.results) {
      assert.ok(Number.isFinite(value) && unit !== '', name);
      assert.equal(peer === undefined, ratio === undefined, `${name}: a peer has a ratio`);
    }
  });
}

test('rows are asked for by name, also by several, and what matches none is said', () => {
  const shown = run('tier', '--tiny', '--rows', 'set-many|delete-many');
  for (const row of ['set-many-100', 'delete-many-100', 'set-many-100-lmdb']) {
    assert.match(shown, new RegExp(`^${row} `, 'm'), 'measured, or left out for want of a server');
  }
  assert.doesNotMatch(shown, /^(hot|get|warm|write)-/m);
  const args = ['bench/run.ts', 'tier', '--tiny', '--rows', 'no-such-row'];
  const refused = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: PATIENCE_MS });
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /No row of tier matches "no-such-row"/);
});
