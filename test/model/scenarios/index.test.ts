/** Nothing of the kernel goes unseen, and no scenario untested. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { testsApart } from '../engine/apart.ts';
import { audit } from '../engine/index.ts';
import { loadKernel } from '../kernel-model.ts';
import { shortened } from '../shortened.ts';
import { scenarios } from './index.ts';
import { PAIRED } from './together.ts';

const test = testsApart(import.meta.url);

test('no memory instruction of the kernel is left without its step', async () => {
  for (const build of ['release', 'test'] as const) {
    const { bytes, sites } = loadKernel(build);
    assert.deepEqual(audit(bytes, sites), [], build);
  }
});

test('each file of scenarios has its tests beside it, of all that it exports', async () => {
  const read = (file: string): string => readFileSync(`${import.meta.dirname}/${file}`, 'utf8');
  const named = readdirSync(import.meta.dirname).filter((file) => !/^index|\.test\.ts$/.test(file));
  const lists = named.flatMap((file) =>
    [...read(file).matchAll(/export const (\w+Scenarios):/g)].map(([, list]) => ({ file, list })),
  );
  assert.ok(lists.length > 10);
  for (const { file, list } of lists) {
    const tests = read(file.replace('.ts', '.test.ts'));
    assert.match(tests, new RegExp(`^testScenarios\\(${list}\\);$`, 'm'), list);
  }
});

test('of any two operations of a cache there is a scenario in which either dies', async () => {
  const names = new Set(scenarios.filter(({ kills }) => kills === 1).map(({ name }) => name));
  assert.equal(PAIRED.length, 10);
  for (const [i, one] of PAIRED.entries()) {
    for (const other of PAIRED.slice(i)) {
      const both = [`${one}-${other}`, `${other}-${one}`].map((pair) => `${pair}-killed-survived`);
      assert.ok(
        both.some((name) => names.has(name)),
        both[0],
      );
    }
  }
});

test('what is searched shorter here is there, and named once', async () => {
  const names = new Set(scenarios.map(({ name }) => name));
  assert.deepEqual(
    shortened.filter((name) => !names.has(name)),
    [],
  );
  assert.equal(new Set(shortened).size, shortened.length);
});

test('each scenario says its rule, in a sentence of its own or of its family', async () => {
  for (const { name, rule } of scenarios) {
    assert.match(rule, /^[a-z](?=.* .* ).*[^.]$/, `${name}: ${rule}`);
    assert.doesNotMatch(rule, /undefined|-killed|\w-\w+-\w/, `${name}: ${rule}`);
  }
});
