/** Marks leave the kernel as it is, and tell where what they stand for would make a difference. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scenarios } from '../scenarios/index.ts';
import { generateMutants, mutantsOf } from './generate.ts';
import { compileMarks, differencesIn, marked } from './marks.ts';

const source = `
function take(at: usize): bool {
  if (at == 8) lock(at);
  storeWord(at + 4, 1);
  record.field = 2;
  return loadWord(at) != 0 && casWord(at, 0, 1) == 0;
}
`;

test('each kind of change has its mark', () => {
  const all = mutantsOf('thread/x.ts', source);
  const text = marked(source, [...all.entries()]);
  assert.match(text, /if \(at == 8\) \{ reached\(0\); lock\(at\); \}/);
  assert.match(text, /reached\(1\); {3}mark_2\(at \+ 4, 1\);\n {2}record.field = 2;/);
  assert.match(text, /return compared\(3, mark_4\(at\) != 0, false\) && /);
  assert.match(text, /&& compared\(5, mark_6\(at, 0, 1\) == 0, true\);/);
  assert.match(text, /^function mark_2\(at: usize, value: u32\): void \{$/m);
  assert.match(text, /^ {2}return atomic.cmpxchg<u32>\(at, expected, desired\);$/m);
});

test('a look shows where it comes out otherwise, or meets a store', async () => {
  const all = generateMutants().filter(({ file }) => file === 'thread/clock.ts');
  const scenario = scenarios.find(({ name }) => name === 'expiring-sweep')!;
  const shown = await differencesIn(await compileMarks(all), scenario);
  const identities = Object.keys(shown).map((number) => all[Number(number)]!.identity);
  const look = "loadWord(stateAt(offsetof<ClockState>('expiring')))";
  assert.ok(identities.includes(`hasExpiring: recheck ${look} != 0`));
  assert.ok(identities.includes(`hasExpiring: plain ${look}`));
});
