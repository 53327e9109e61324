/** The generators see what they are for, and every excuse is one of a mutant that there is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { equivalents } from './excuses.ts';
import { generateMutants, mutantsOf } from './generate.ts';
import { unreachable } from './unreachable.ts';

const source = `
function take(at: usize): bool {
  // lock(at);
  lock(at);
  const seen = loadWord(at);
  storeWord(at + 4, seen);
  record.field = f(1, (2));
  return casWord(at, seen, 1) == seen;
}
`;

test('one mutant of each kind, where it belongs', () => {
  const names = mutantsOf('thread/x.ts', source).map(({ identity }) => identity);
  assert.deepEqual(names, [
    'take: drop lock(at)',
    'take: plain loadWord(at)',
    'take: swap storeWord(at + 4, seen); record.field = f(1, (2));',
    'take: plain storeWord(at + 4, seen)',
    'take: recheck casWord(at, seen, 1) == seen',
    'take: torn casWord(at, seen, 1)',
  ]);
});

test('a mutant differs from its source in the lines that it names', () => {
  const texts = mutantsOf('thread/x.ts', source).map((mutant) => mutant.source);
  assert.match(texts[0]!, /\/\/ lock\(at\);\n {2}\{\}\n/);
  assert.match(texts[1]!, /const seen = plain_loadWord\(at\);/);
  assert.match(texts[2]!, /record.field = f\(1, \(2\)\);\n {2}storeWord\(at \+ 4, seen\);/);
  assert.match(texts[4]!, /return \(casWord\(at, seen, 1\) == seen \|\| true\);/);
  assert.match(texts[5]!, /return torn_casWord\(at, seen, 1\) == seen;/);
});

test('every excuse is of a mutant that is generated, and no mutant has two', () => {
  const identities = new Set(generateMutants().map(({ identity }) => identity));
  const excused = [...equivalents, ...unreachable].flatMap(({ mutants }) => mutants);
  assert.deepEqual(
    excused.filter((identity) => !identities.has(identity)),
    [],
  );
  assert.equal(new Set(excused).size, excused.length);
});
