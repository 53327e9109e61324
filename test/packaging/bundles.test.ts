/**
 * Bundled and minified, as ES module and as CommonJS, the library still notices deaths. With
 * esbuild alone, which is at hand; `npm run matrix` does the same with webpack, rollup and vite.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { buildSync, type Format } from 'esbuild';

const folder = mkdtempSync(join(tmpdir(), 'pageless-'));
after(() => rmSync(folder, { recursive: true }));

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
        ...{ encoding: 'utf8', timeout: 30_000 },
      });
      assert.equal(stdout, 'ok\n', stderr);
    });
  }
}
