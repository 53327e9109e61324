/** A schema has each mutant as a copy, and every mutant that there is compiles. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mutated } from './apply.ts';
import { compileWith } from './compile.ts';
import { generateMutants } from './generate.ts';
import { schemaOf } from './schema.ts';
import { reachOf } from './survey.ts';
import { mutants } from './table.ts';

const file = 'thread/x.ts';
const source = `
/** @inline */
export function take(at: usize, by: u32): bool {
  lock(at);
  return by == 1;
}

function leave(at: usize): void {
  unlock(at);
}
`;

function changed(find: string, replace: string): { file: string; source: string } {
  return { file, source: source.replace(find, replace) };
}

function textOf(...all: { file: string; source: string }[]): string {
  return schemaOf(all, new Map([[file, source]])).files.get(file)!;
}

test('a function asks which mutant it is, and hands over to the copy', () => {
  const text = textOf(changed('  lock(at);\n', ''), changed('unlock(at)', 'wake(at)'));
  assert.match(text, /^import \{ mutant, reached \} from '\.\.\/base\/mutant';\n/);
  assert.match(text, /reached\(1\);\n {4}if \(mutant == 1\) return take_1\(at, by\);\n {2}\}\n/);
  assert.match(text, /reached\(2\);\n {4}if \(mutant == 2\) \{ leave_2\(at\); return; \}\n/);
  assert.match(text, /^function take_1\(at: usize, by: u32\): bool \{\n {2}return by == 1;\n\}$/m);
  assert.match(text, /^function leave_2\(at: usize\): void \{\n {2}wake\(at\);\n\}$/m);
  assert.doesNotMatch(text, /@inline/);
});

test('what changes two functions is one mutant, and what it adds is there once', () => {
  const helper = 'function wake(at: usize): void {\n}\n';
  const both = source.replace('lock(at)', 'wake(at)').replace('unlock(at)', 'wake(at)') + helper;
  const { members, files } = schemaOf([{ file, source: both }], new Map([[file, source]]));
  const functions = ['take', 'leave'].map((name) => `kernel/${file.replace('.ts', '')}/${name}`);
  assert.deepEqual([...members.values()], [{ number: 1, places: [1, 2], functions }]);
  assert.equal(files.get(file)!.split(helper).length, 2);
});

test('what changes more than bodies has no number', () => {
  const all = [changed('by: u32', 'by: u64'), changed('/** @inline */', 'const ONE = 1;')];
  assert.equal(schemaOf(all, new Map([[file, source]])).members.size, 0);
});

test('a mutant meets the scenarios that reach it: where threads meet, its own, the quickest', () => {
  const sights = new Map([
    ['own', { seconds: 3, places: [1], near: [], complete: true }],
    ['unknown', { seconds: 1, places: [3], near: [], complete: false }],
    ['slow', { seconds: 3, places: [1, 2], near: ['other'], complete: false }],
    ['meeting', { seconds: 4, places: [2], near: ['other', 'changed'], complete: false }],
    ['quick', { seconds: 1, places: [2], near: [], complete: true }],
    ['elsewhere', { seconds: 1, places: [3], near: [], complete: true }],
  ]);
  const names = [...sights.keys()];
  const member = { number: 7, places: [1, 2], functions: ['changed'] };
  const { reached, unknown } = reachOf(names, member, sights, 1);
  assert.deepEqual(reached, ['meeting', 'own', 'quick', 'slow']);
  assert.deepEqual(unknown, ['unknown']);
});

test('every mutant compiles', { timeout: 120_000 }, async () => {
  const written = mutants.map(mutated);
  const { files, members } = schemaOf([...written, ...generateMutants()]);
  assert.ok(members.size > 900);
  await compileWith('test', files, '-O0', '--noEmit');
  for (const mutant of written.filter((one) => !members.has(one))) {
    await compileWith('test', new Map([[mutant.file, mutant.source]]), '-O0', '--noEmit');
  }
});
