/**
 * The CommonJS half of the package: dist/cjs/, file by file what dist/ is as ES modules.
 *
 * For Jest, and for programs that cannot load ES modules. Only what an import of the package can
 * reach is there, not the command line. Files are converted one by one, not bundled, so that a
 * class is one class however many entries of the package a program requires; types are copied, for
 * the folder says that they are CommonJS's. A program that holds both halves has two sets of
 * classes and one zone: threads/threads.ts keeps its registry in `globalThis`.
 */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildSync, transformSync } from 'esbuild';
import { factsFile, typesOf, withoutUnused } from './slim.ts';

/** What `import.meta.url` is in a CommonJS file of Node. */
const ownUrl = "const ownUrl = require('node:url').pathToFileURL(__filename).href;";

/** Writes dist/cjs/ from dist/. `entries` are paths in dist/, without extension. */
export function writeCommonJs(dist: string, entries: readonly string[]): void {
  const out = join(dist, 'cjs');
  rmSync(out, { recursive: true, force: true });
  const sources = reachable(dist, entries);
  const { [factsFile]: numbers = '', ...others } = Object.fromEntries(sources);
  sources.set(factsFile, withoutUnused(numbers, Object.values(others)));
  for (const file of sources.keys()) {
    mkdirSync(dirname(join(out, file)), { recursive: true });
    writeFileSync(join(out, file), convert(sources.get(file)!));
  }
  for (const file of typesOf(dist, entries)) {
    mkdirSync(dirname(join(out, file)), { recursive: true });
    copyFileSync(join(dist, file), join(out, file));
  }
  writeFileSync(join(out, 'package.json'), '{ "type": "commonjs" }\n');
}

/** Files of dist/ that the entries import, themselves included, and their texts. */
function reachable(dist: string, entries: readonly string[]): Map<string, string> {
  const { metafile } = buildSync({
    absWorkingDir: dist,
    entryPoints: entries.map((entry) => `${entry}.js`),
    ...{ bundle: true, write: false, metafile: true, outdir: 'none', format: 'esm' },
    ...{ platform: 'node', packages: 'external', logLevel: 'error' },
  });
  const files = Object.keys(metafile.inputs);
  return new Map(files.map((file) => [file, readFileSync(join(dist, file), 'utf8')]));
}

function convert(source: string): string {
  const usesUrl = source.includes('import.meta.url');
  const { code } = transformSync(source, {
    format: 'cjs',
    target: 'node20',
    minifyWhitespace: true,
    ...(usesUrl && { banner: ownUrl, define: { 'import.meta.url': 'ownUrl' } }),
  });
  return code;
}
