/** The tests' runner believes no status: what is cut off, empty or does not end has failed. */

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { constants, getPriority } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Options, type Outcome, runProcess } from '../scripts/test-process.ts';
import { tempFolder } from './support/temp-folder.ts';

const folder = tempFolder();

/** Runs files of the given texts, in one process. */
function run(texts: string[], options?: Options): Promise<Outcome> {
  const files = texts.map((text, i) => {
    const file = join(folder, `${i}.test.mjs`);
    writeFileSync(file, `import { describe, test } from 'node:test';\n${text}`);
    return file;
  });
  return runProcess(files, options);
}

const two = "test('a', () => {}); test('b', async () => {});";

test('a process that computes is put behind the others', async () => {
  // Waits until it is: it begins like any other.
  const behind = Math.min(getPriority() + 1, constants.priority.PRIORITY_LOW);
  const text = `import { getPriority } from 'node:os';
    while (getPriority() < ${behind});
    test('a', () => {});`;
  const { passed, failures } = await run([text], { isBehind: true });
  assert.deepEqual([passed, failures], [1, []]);
});

test('a whole report is believed, and what it skips is told', async () => {
  const text = `${two} describe('c', () => { test('d', { skip: 'no d' }, () => {}); });
    test('e', { skip: true }, () => {}); console.log('ok 7'); console.error('1..1');`;
  const { tests, passed, skipped, failures, output } = await run([text]);
  assert.deepEqual(failures, [], output);
  assert.equal(tests, 4);
  assert.equal(passed, 2);
  assert.deepEqual(skipped, ['d: no d', 'e: no reason is given']);
  assert.match(output, /ok 7/);
  assert.match(output, /1\.\.1/);
});

test('files that share a process are counted together', async () => {
  const { tests, failures, output } = await run([two, two, two]);
  assert.deepEqual([tests, failures], [6, []], output);
});

const cutOff = /^its report is cut off after \d+ tests$/;

for (const [what, text, ...expected] of [
  ['a test that fails', `${two} test('c', () => { throw 1; });`, /status 1$/, /^1 of 3 tests did/],
  [
    'one that fails below another',
    `test('a', (t) => t.test('b', () => { throw 1; }));`,
    /./,
    /^2 /,
  ],
  [
    'one that is still to be done',
    `test('a', { todo: true }, () => { throw 1; });`,
    /^1 of 1 tests/,
  ],
  [
    'one that never ends',
    `${two} test('c', { timeout: 1 }, () => new Promise(() => {}));`,
    /./,
    /^1 of 3 tests/,
  ],
  ['an exit in between, of status 0', `${two} test('c', () => process.exit(0));`, cutOff],
  ['an exit at once', `${two} process.exit(0);`, cutOff],
  ['a signal', `${two} test('c', () => process.kill(process.pid, 'SIGKILL'));`, /SIGKILL$/, cutOff],
  ['no test at all', '', cutOff],
  [
    'a status set when all is over',
    `${two} process.on('exit', () => process.exit(3));`,
    /status 3$/,
  ],
  ['a file that cannot be loaded', `${two} import './none.mjs';`, /status 1$/, cutOff],
  ['a file that is never loaded', `${two} await new Promise(() => {});`, /status 13$/],
  ['an error after the tests', `${two} process.on('beforeExit', () => { throw 1; });`, /status/],
] as [what: string, text: string, ...expected: RegExp[]][]) {
  test(`it has failed: ${what}`, async () => {
    const { failures, output } = await run([text]);
    assert.equal(failures.length, expected.length, `${failures}\n${output}`);
    expected.forEach((pattern, i) => {
      assert.match(failures[i]!, pattern);
    });
  });
}

test('one of several that ends their process has failed them all', async () => {
  const { failures, output } = await run([two, 'process.exit(0);', two]);
  assert.equal(failures.length, 1, output);
  assert.match(failures[0]!, cutOff);
});

const child =
  "spawn(process.execPath, ['-e', 'setTimeout(() => {}, 10_000)'], { stdio: 'inherit' })";

for (const [what, text] of [
  ['the tests are over, a timer goes on', `${two} setInterval(() => {}, 1000);`],
  ['a test never lets go', `${two} test('c', () => { while (true); });`],
  [
    'a process of its own holds its output',
    `import { spawn } from 'node:child_process'; ${two} ${child}.unref();`,
  ],
] as const) {
  test(`what does not end is ended, and has failed: ${what}`, async () => {
    const { failures } = await run([text], { processMs: 2000 });
    assert.equal(failures[0], 'it did not end within 2 s');
  });
}
