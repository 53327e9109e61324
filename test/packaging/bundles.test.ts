/**
 * Bundled and minified, as ES module and as CommonJS, the library still notices deaths. With
 * esbuild alone, which is at hand; `npm run matrix` does the same with five others.
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { buildSync, type Format } from 'esbuild';
import { PATIENCE_MS } from '../support/patience.ts';
import { tempFolder } from '../support/temp-folder.ts';

const folder = tempFolder();

const fileOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const formats: [Format, string][] = [
  ['esm', 'mjs'],
  ['cjs', 'cjs'],
];

for (const [format, extension] of formats) {
  for (const minify of [false, true]) {
    const kind = `${minify ? 'minified' : 'plain'} ${format} bundle`;
    test(`a ${kind}: main gets the lock of a worker's worker that died with its parent`, () => {
      const outfile = join(folder, `kill-${minify}.${extension}`);
      buildSync({
        entryPoints: [fileOf('../matrix/programs/kill.mjs')],
        alias: { pageless: fileOf('../../dist/index.js') },
        ...{ outfile, format, minify, bundle: true, platform: 'node', logLevel: 'error' },
      });
      const { stdout, stderr } = spawnSync(process.execPath, [outfile], {
        ...{ encoding: 'utf8', timeout: PATIENCE_MS },
      });
      assert.equal(stdout, 'ok\n', stderr);
    });
  }
}

/** Bundles a program by the names that package.json exports. @returns what it prints */
function runBundle(format: Format, extension: string, contents: string): string {
  const outfile = join(folder, `program.${extension}`);
  buildSync({
    stdin: { contents, resolveDir: fileOf('.') },
    external: ['keyv', 'redis', 'undici', 'unstorage', 'lmdb'],
    ...{ outfile, format, bundle: true, platform: 'node', logLevel: 'error' },
  });
  const { stdout, stderr } = spawnSync(process.execPath, [outfile], {
    ...{ encoding: 'utf8', timeout: PATIENCE_MS },
  });
  assert.equal(stderr, '');
  return stdout;
}

const { exports: entries } = JSON.parse(readFileSync(fileOf('../../package.json'), 'utf8'));
const paths = Object.keys(entries).filter((path) => !path.endsWith('.json'));

for (const [format, extension] of formats) {
  test(`every entry can be bundled as ${format}`, () => {
    const imports = paths.map((path, i) => `import * as e${i} from 'pageless${path.slice(1)}';`);
    const names = paths.map((_, i) => `Object.keys(e${i}).length > 0`);
    const program = `${imports.join('')} console.log([${names}].join());`;
    assert.equal(runBundle(format, extension, program), `${paths.map(() => 'true')}\n`);
  });

  test(`an inspector bundled as ${format} says that its thread must stay outside`, () => {
    const printed = runBundle(
      format,
      extension,
      `import { SharedCache } from 'pageless';
      import { inspect } from 'pageless/inspect';
      const show = (error) => console.log(error.code, error.message);
      inspect(new SharedCache({ maxSize: '4MiB' })).catch(show);`,
    );
    assert.match(printed, /^ERR_PAGELESS_UNSUPPORTED .*leave 'pageless\/inspect' out/);
  });
}

test('a bundle for pages names nothing of Node that a bundler would bring a polyfill for', () => {
  const { outputFiles } = buildSync({
    stdin: { contents: "export * from 'pageless';", resolveDir: fileOf('.') },
    // Only where they stand for themselves: not what somebody asks `globalThis` for.
    define: { process: 'POLYFILL', Buffer: 'POLYFILL', global: 'POLYFILL' },
    ...{ write: false, format: 'esm', bundle: true, platform: 'browser', logLevel: 'error' },
  });
  const uses = outputFiles[0]!.text.split('\n').filter((line) => line.includes('POLYFILL'));
  assert.deepEqual(uses, []);
});
