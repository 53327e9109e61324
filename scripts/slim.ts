/**
 * What need not be in dist/: declarations that no entry's types lead to, comments on code (those
 * for users are in the declarations), and what is generated and nobody reads (white space, numbers
 * of the kernel that the library does not use). Declarations that stay are made independent of the
 * types that a program happens to have.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { transformSync } from 'esbuild';
import { neededDeclarations } from './declarations.ts';

/** The numbers of the kernel. */
export const factsFile = 'generated/facts.js';

/** Takes it away. `entries` are paths in dist/, without extension. */
export function slim(dist: string, entries: readonly string[]): void {
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' });
  const wanted = neededDeclarations(dist, entries);
  for (const file of files.filter((file) => file.endsWith('.d.ts') && file !== PLATFORM)) {
    const text = wanted.get(file);
    if (text === undefined) rmSync(join(dist, file));
    else writeFileSync(join(dist, file), portable(file, text));
  }
  const scripts = files.filter((file) => file.endsWith('.js'));
  const others = scripts.filter((file) => file !== factsFile).map((file) => read(dist, file));
  writeFileSync(join(dist, factsFile), withoutUnused(read(dist, factsFile), others));
  for (const file of scripts) {
    // Comments of members of classes go with white space only, which is put back.
    const { code } = transformSync(read(dist, file), { minifyWhitespace: true });
    const isRead = dirname(file) !== 'generated';
    writeFileSync(join(dist, file), isRead ? transformSync(code).code : code);
  }
}

/** Where types of the platform are imported from that are not taken for granted. */
const PLATFORM = 'border/platform.d.ts';
const platformTypes = ['AbortSignal', 'Buffer', 'WebAssembly'];

/**
 * A declaration that compiles with and without `dom` and @types/node, and that finds
 * `Symbol.dispose`. What imports something of Node's has all types of it.
 */
function portable(file: string, text: string): string {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '');
  const isForNode = /from 'node:/.test(code);
  const named = platformTypes.filter((name) => new RegExp(`\\b${name}\\b`).test(code));
  const path = relative(dirname(file), PLATFORM.replace('.d.ts', '.ts'));
  const from = path.startsWith('.') ? path : `./${path}`;
  const lines = [
    /\bdispose\b|\bDisposable\b/.test(code) ? '/// <reference lib="esnext.disposable" />\n' : '',
    named.length > 0 && !isForNode ? `import type { ${named.join(', ')} } from '${from}';\n` : '',
  ];
  // Behind the file's header, where there is one.
  return text.replace(/^(?:\/\*\*[\s\S]*?\*\/\n)?/, (header) => header + lines.join(''));
}

function read(dist: string, file: string): string {
  return readFileSync(join(dist, file), 'utf8');
}

/** The declarations of these entries, and all that they lead to. */
export function typesOf(dist: string, entries: readonly string[]): Set<string> {
  const found = new Set(entries.map((entry) => `${entry}.d.ts`));
  for (const file of found) {
    const text = read(dist, file);
    for (const [, path] of text.matchAll(/(?:from |import\()['"](\.[^'"]*)\.[jt]s['"]/g)) {
      found.add(join(dirname(file), `${path}.d.ts`));
    }
  }
  return found;
}

/** A file of constants, a line each, without those that none of the other texts names. */
export function withoutUnused(constants: string, others: readonly string[]): string {
  const used = new Set(others.flatMap((other) => other.match(/\b\w+\b/g) ?? []));
  const kept = constants.split('\n').filter((line) => {
    const name = /^export const (\w+) = .*;$/.exec(line)?.[1];
    return name === undefined || used.has(name);
  });
  return kept.join('\n');
}
