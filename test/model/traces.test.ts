/**
 * The traces of docs/design/the-thread-traces.md are there, and of mutants as the table has them
 * now.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { labScenarios } from './lab-model.ts';
import { mutated } from './mutants/apply.ts';
import { mutants } from './mutants/table.ts';
import { retell } from './traces/retell.ts';
import { documentUrl, sectionsOf } from './traces/sections.ts';

const sections = sectionsOf(readFileSync(documentUrl, 'utf8'));

test('the document has traces', () => assert.ok(sections.length >= 8));

const ofLab = new Map(labScenarios.map((scenario) => [scenario.name, scenario]));

for (const { name, body } of sections.filter((section) => ofLab.has(section.name))) {
  test(`the trace of the lab's “${name}” is there`, () => {
    const { breaks, rule } = ofLab.get(name)!;
    assert.ok(body.includes(rule));
    assert.match(body, breaks!);
    assert.match(body, /^ +\d+ {2}[AB] /m, 'no step is told');
  });
}

for (const { name, body } of sections.filter((section) => !ofLab.has(section.name))) {
  test(`the trace of “${name}” is that of a mutant as it is now`, () => {
    const mutant = mutants.find((candidate) => candidate.name === name);
    assert.ok(mutant !== undefined, `no mutant is called ${name}`);
    assert.ok(body.includes(`\`kernel/${mutated(mutant).file}\``));
    assert.ok(mutant.scenarios.some((scenario) => body.includes(`scenario \`${scenario}\``)));
    for (const [find] of mutant.edits) {
      const lines = find.split('\n').filter((line) => line.trim() !== '');
      for (const line of lines) assert.ok(body.includes(`- ${line.trim()}`), line);
    }
    assert.match(body, /^ +\d+ {2}[AB] /m, 'no step is told');
  });
}

test('a trace is retold with names, and without what changes nothing', () => {
  const lines = [
    '       t0          pinPage(24)',
    '   1  t0          store32           slot2.ThreadSlot.inKernel  0 -> 5    kernel/thread/stop/enter',
    '   2  t0          load32            pageWord[24]    0x1600a              kernel/memdesc/pin/pin',
    '   3  t0          cas32             0x16004         1 -> 2               kernel/memdesc/pin/pin',
    '   .  t0          load32 (plain)    0x16008         24                   kernel/index/pinPage',
    '   4  t1          cas32             0x16004         2 -> 2               kernel/memdesc/pin/pin',
  ];
  const told = retell(lines.join('\n')).map((line) => line.replace(/\s+/g, ' ').trim());
  assert.deepEqual(told, [
    'A pinPage(24)',
    '2 A load word of page 24 folio pin',
    '3 A cas folio.refs 1 → 2 pin',
  ]);
});
