/** The examples run, and the README shows the code of the one that it shows. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const folder = new URL('../examples/', import.meta.url);

for (const file of readdirSync(folder)) {
  test(`example ${file} runs`, () => {
    const path = new URL(file, folder).pathname;
    const output = execFileSync(process.execPath, [path], { encoding: 'utf8', timeout: 60_000 });
    assert.notEqual(output, '');
  });
}

test('the README shows the example as it is', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const source = readFileSync(new URL('worker-cache.ts', folder), 'utf8');
  const code = source.slice(source.indexOf('\n') + 1).trim();
  assert.ok(readme.includes(code), 'README.md and examples/worker-cache.ts differ');
});
