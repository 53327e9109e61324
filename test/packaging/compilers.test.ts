/**
 * The declarations compile, `skipLibCheck` off, under every TypeScript that the README promises:
 * with `dom` and without, with @types/node and without, and CommonJS programs and ES modules have
 * the same types.
 *
 * The other compilers have a lock file of their own (test/compilers/): each brings a `tsc`, and in
 * one folder they would fight for the name.
 */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { installed, packed, root } from './packed.ts';

const { folder } = packed();
const place = installed(folder);
const readers = ['reader.mts', 'reader-cjs.cts'];
for (const reader of readers) {
  const source = reader.replace(/[mc]ts$/, 'ts');
  copyFileSync(join(root, 'test/compilers', source), join(place, reader));
}

const compilers = join(root, 'test/compilers');
const names = ['oldest', 'last5', 'last6'].map((name) => join(compilers, 'node_modules', name));
if (!names.every((path) => existsSync(path))) {
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--silent'], { cwd: compilers });
}

const strict = [
  ...['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', 'false'],
  // What a compiler brings itself is its own: a third of the time with `dom`.
  '--skipDefaultLibCheck',
];
const module = ['--module', 'nodenext', '--target', 'es2022'];

/** @returns what the compiler says; nothing: it is content */
function compile(typescript: string, lib: string, withNode: boolean): Promise<string> {
  const types = withNode
    ? ['--types', 'node', '--typeRoots', join(root, 'node_modules/@types')]
    : [];
  const flags = [...strict, ...module, '--lib', lib, ...types];
  const tsc = join(typescript, 'bin/tsc');
  return new Promise((resolve) => {
    execFile(process.execPath, [tsc, ...flags, ...readers], { cwd: place }, (error, output) => {
      resolve(error ? output || error.message : output);
    });
  });
}

const current = join(root, 'node_modules/typescript');
describe('the declarations compile', { concurrency: 2 }, () => {
  for (const typescript of [...names, current]) {
    for (const lib of ['es2022', 'es2022,dom']) {
      for (const withNode of [false, true]) {
        // Of the others the two that differ most: all four of each take a minute.
        if (typescript !== current && withNode !== (lib !== 'es2022')) continue;
        const name = `${typescript.replace(/^.*\//, '')}, ${lib}`;
        test(`${name}, ${withNode ? '@types/node' : 'no other types'}`, async () => {
          assert.equal(await compile(typescript, lib, withNode), '');
        });
      }
    }
  }
});
