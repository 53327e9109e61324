/**
 * What Node loads of the package: dist/cjs/, in which the modules of dist/ are joined to a few
 * CommonJS files, and dist/node/, ES modules that pass on what these export.
 *
 * Node takes a third of a millisecond for each file of eighty, whatever is in it. And a class is
 * one class, whether a program imports the package or requires it, or both. Bundlers and browsers
 * take the ES modules of dist/, and so does the command line, which is not in dist/cjs/.
 *
 * Code that several entries of the package share is in files of its own, so that it is there once.
 * So are the types: they move to dist/cjs/, and dist/ passes them on. Two declarations of a class
 * with private members are two types to the compiler, and a cache that a CommonJS program has of
 * `await import` would be none that it may pass on. An ES module may import CommonJS in every
 * TypeScript; the other way round it may not.
 *
 * A program that holds a bundle of the package as well has two sets of classes and one zone:
 * threads/registry.ts.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { buildSync, transformSync } from 'esbuild';
import { typesOf } from './slim.ts';

/** What `import.meta.url` is in a CommonJS file of Node. */
const ownUrl = "const ownUrl = require('node:url').pathToFileURL(__filename).href;";

/** Writes dist/cjs/ and dist/node/ from dist/. `entries` are paths in dist/, without extension. */
export function writeNodeFiles(dist: string, entries: readonly string[]): void {
  for (const folder of ['cjs', 'node'])
    rmSync(join(dist, folder), { recursive: true, force: true });
  for (const { path, text, names } of joined(dist, entries)) {
    write(join(dist, 'cjs', path), toCommonJs(text));
    if (names) write(join(dist, 'node', path), passingOn(path, names));
  }
  for (const file of typesOf(dist, entries)) {
    const moved = join(dist, 'cjs', file);
    mkdirSync(dirname(moved), { recursive: true });
    renameSync(join(dist, file), moved);
  }
  for (const entry of entries) {
    const file = `${'../'.repeat(entry.split('/').length - 1) || './'}cjs/${entry}.js`;
    write(join(dist, `${entry}.d.ts`), `export * from '${file}';\n`);
  }
  write(join(dist, 'cjs/package.json'), '{ "type": "commonjs" }\n');
}

interface JoinedFile {
  path: string;
  text: string;
  /** What it exports, if it is an entry. */
  names: string[] | undefined;
}

/** The entries as ES modules, each with what it alone imports, and shared files. */
function joined(dist: string, entries: readonly string[]): JoinedFile[] {
  const { outputFiles, metafile } = buildSync({
    absWorkingDir: dist,
    entryPoints: entries.map((entry) => `${entry}.js`),
    ...{ bundle: true, splitting: true, format: 'esm', target: 'node20' },
    ...{ outdir: dist, chunkNames: 'shared/[hash]', write: false, metafile: true },
    ...{ platform: 'node', packages: 'external', logLevel: 'error' },
  });
  return outputFiles.map(({ path: file, text }) => {
    const path = relative(dist, file);
    const { entryPoint, exports } = metafile.outputs[path]!;
    return { path, text, names: entryPoint ? exports : undefined };
  });
}

function toCommonJs(source: string): string {
  const usesUrl = source.includes('import.meta.url');
  const { code } = transformSync(source, {
    ...{ format: 'cjs', target: 'node20' },
    // Lines stay, for stack traces.
    ...{ minifyWhitespace: true, lineLimit: 100 },
    ...(usesUrl && { banner: ownUrl, define: { 'import.meta.url': 'ownUrl' } }),
  });
  return withNames(code);
}

/**
 * esbuild writes `var Arena=class _Arena` where a class speaks of itself; stack traces and messages
 * would show that name.
 */
function withNames(code: string): string {
  const names = [...code.matchAll(/\b(\w+)=class _\1\b/g)].map(([, name]) => name);
  return names.length === 0
    ? code
    : code.replace(new RegExp(`(?<![.\\w#$"'])_(${names.join('|')})\\b`, 'g'), '$1');
}

/** An ES module beside `cjs/` with the exports of the CommonJS file at the same place there. */
function passingOn(path: string, names: readonly string[]): string {
  const file = `${'../'.repeat(path.split('/').length)}cjs/${path}`;
  return `import all from '${file}';\nexport const { ${names.join(', ')} } = all;\n`;
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
