/** The checker sees a fault: a few mutants, written and generated, of each kind, are caught. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { newOptions, newProgram, nextDiagnostic, parse } from 'assemblyscript';
import { mutated } from './mutants/apply.ts';
import { mutants } from './mutants/table.ts';
import { scenarios } from './scenarios/index.ts';

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
  assert.match(stdout, /^7 mutants, 7 caught$/m, stdout + stderr);
});

test('the table of verdicts names no survivor', () => {
  const table = readFileSync(new URL('./mutants/verdicts.tsv', import.meta.url), 'utf8');
  const rows = table.trimEnd().split('\n');
  assert.deepEqual(rows.toSorted(), rows);
  for (const row of rows) assert.match(row, /\t[0-9a-f]{12}\t(caught|same binary)$/);
});

test('every written mutant is one of the kernel as it is, and its scenarios are there', () => {
  const names = new Set(scenarios.map(({ name }) => name));
  assert.equal(names.size, scenarios.length, 'two scenarios of one name');
  for (const mutant of mutants) {
    const { file, source } = mutated(mutant);
    const program = newProgram(newOptions());
    parse(program, source, file, true);
    assert.equal(nextDiagnostic(program)?.message, undefined, mutant.name);
    for (const scenario of mutant.scenarios) assert.ok(names.has(scenario), scenario);
  }
});
