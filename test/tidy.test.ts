/**
 * What a linter cannot say: layers, headers, lengths, documented errors, no dead exports.
 *
 * Keep it short. A rule that nobody has broken for a while goes.
 */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

/** Tools of the matrix have their packages below test/. */
const isForeign = (path: string): boolean => path.includes('node_modules');

function sourcesOf(...folders: string[]): string[] {
  return folders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) =>
      globSync(`${folder}/**/*.{ts,tsx}`, { cwd: root, exclude: isForeign }).filter(
        (file) => !file.includes('generated'),
      ),
    );
}

const isTest = (file: string): boolean => file.endsWith('.test.ts');
const all = sourcesOf('kernel', 'src', 'scripts', 'test', 'bench');
const kernel = sourcesOf('kernel').filter((file) => !isTest(file));

/** Lowest first; folders of one line are siblings and do not know each other. */
const layers = [
  ['base'],
  ['thread'],
  ['frames'],
  ['memdesc'],
  ['slab'],
  ['folio', 'zsmalloc', 'codec'],
  ['store'],
  ['reclaim'],
  ['cache/eviction'],
  ['cache'],
  ['compact'],
  ['zone'],
  ['exports'],
  ['.'],
  ['lab'],
];
const layerOf = (folder: string): number => layers.findIndex((layer) => layer.includes(folder));

test('kernel imports go one way: down, or within a folder', () => {
  for (const file of kernel) {
    const own = relative('kernel', dirname(file)) || '.';
    for (const [, path] of read(file).matchAll(/from '(\.[^']*)'/g)) {
      const other = relative('kernel', join(dirname(file), dirname(path!))) || '.';
      assert.ok(layerOf(own) >= 0 && layerOf(other) >= 0, `${file}: which layer is ${other}?`);
      const isDown = layerOf(other) < layerOf(own) || other === own;
      assert.ok(isDown, `${file} must not import ${path}`);
    }
  }
});

test('the rooms of src import only from those above them on the map', () => {
  const rows = read('ARCHITECTURE.md').matchAll(/^\| (`src\/[^|]*) \|/gm);
  const rooms = [...rows].flatMap(([, row]) => row!.replaceAll('`', '').split(' '));
  const roomOf = (file: string) => rooms.indexOf(rooms.includes(file) ? file : dirname(file));
  for (const file of sourcesOf('src').filter((name) => !isTest(name))) {
    for (const path of importsOf(file).filter((name) => name.startsWith('src/'))) {
      if (dirname(path) === 'src/generated') continue;
      assert.ok(roomOf(path) <= roomOf(file), `${file} must not import ${path}`);
    }
  }
});

/** Files that a file imports something from, were it only a type. */
function importsOf(file: string): string[] {
  const statements = read(file).matchAll(/^(?:im|ex)port [^;]*?from '(\.[^']*)'/gm);
  return [...statements].map(([, path]) => {
    const target = join(dirname(file), path!);
    return target.endsWith('.ts') ? target : `${target}.ts`;
  });
}

test('no two files need each other', () => {
  const generated = globSync('src/generated/*.ts', { cwd: root });
  const files = [...all.filter((file) => !isTest(file)), ...generated];
  const graph = new Map(files.map((file) => [file, importsOf(file)]));
  const reached = (from: string): Set<string> => {
    const seen = new Set<string>();
    const left = [...(graph.get(from) ?? [])];
    for (let file = left.pop(); file !== undefined; file = left.pop()) {
      if (!seen.has(file)) left.push(...(graph.get(file) ?? []));
      seen.add(file);
    }
    return seen;
  };
  const reach = new Map([...graph.keys()].map((file) => [file, reached(file)]));
  const circles = [...reach].filter(([file, others]) => others.has(file)).map(([file]) => file);
  assert.deepEqual(circles, []);
});

test('every source file begins by saying what it is', () => {
  for (const file of all) assert.match(read(file), /^(#!.*\n)?\/\*\*\n? ?\*? ?\S/, file);
});

test('files have at most 400 lines', () => {
  for (const file of all) assert.ok(read(file).split('\n').length <= 401, file);
});

/** Functions of more than 40 lines, and why. This list may only shrink. */
const longFunctions: Record<string, string> = {
  'kernel/codec/lz4.ts decompress': 'one loop over the block; its parts would share nine locals',
  'test/support/codec.ts createCodec': 'makes an object of short functions over one memory',
  'test/support/store-face.ts storeFace': 'likewise',
};

test('functions have at most 40 lines', () => {
  const begin =
    /^(\s*)(?:export )?(?:async )?(?:function\*? (\w+)|(?:static |#|\*|async )*(\w+)\(.*\{$)/;
  const found: string[] = [];
  for (const file of all.filter((name) => !isTest(name))) {
    const lines = read(file).split('\n');
    for (const [at, line] of lines.entries()) {
      const [, indent, name, method] = begin.exec(line) ?? [];
      if (indent === undefined || /^(if|for|while|switch|catch|describe|test)$/.test(method ?? ''))
        continue;
      const end = lines.findIndex((text, i) => i > at && text.startsWith(`${indent}}`));
      if (end - at + 1 > 40) found.push(`${file} ${name ?? method}`);
    }
  }
  assert.deepEqual(found.sort(), Object.keys(longFunctions).sort());
});

test('every error code is documented and tested, every fault number is listed', () => {
  const [, union = ''] = /type ErrorCode =([^;]*);/.exec(read('src/errors.ts')) ?? [];
  const codes = [...union.matchAll(/'(\w+)'/g)].map(([, code]) => code!);
  const document = read('docs/ERRORS.md');
  const tests = all.filter((file) => isTest(file) && !file.endsWith('tidy.test.ts')).map(read);
  assert.ok(codes.length >= 8);
  for (const code of codes) {
    assert.ok(document.includes(`## ${code}\n`), `${code} has no section in docs/ERRORS.md`);
    assert.ok(
      tests.some((text) => text.includes(code)),
      `${code} appears in no test`,
    );
  }
  for (const [, name, number] of read('kernel/base/fault.ts').matchAll(
    /(FAULT_\w+): u32 = (\d+)/g,
  )) {
    assert.ok(document.includes(`| ${number} | \`${name}\` |`), `${name} in docs/ERRORS.md`);
  }
});

/** Exports that src/ does not call, and who does. */
const exportsForOthers: Record<string, string> = {
  pageAddress: 'tests',
  supervisorTerm: 'tests',
  zsPages: 'tests and bench',
  cacheInUse: 'tests and bench',
  awaitedLeases: 'tests',
  packedObjects: 'tests and benchmarks',
};

test('every kernel export is used', () => {
  const text = sourcesOf('src')
    .filter((file) => !isTest(file))
    .map(read)
    .join('\n');
  const [, body = ''] =
    /interface KernelExports \{\n([\s\S]*)^\}/m.exec(read('src/generated/kernel-exports.ts')) ?? [];
  const names = [...body.matchAll(/^ {2}(\w+)\(/gm)].map(([, name]) => name!);
  const unused = names.filter((name) => !new RegExp(`\\.${name}\\(`).test(text));
  assert.deepEqual(unused.sort(), Object.keys(exportsForOthers).sort());
});

test('atomic instructions are spelled in one file', () => {
  for (const file of kernel) {
    if (file !== join('kernel', 'base', 'words.ts'))
      assert.doesNotMatch(read(file), /\batomic\./, file);
  }
});

/** Who makes timers by hand, and why. What is a program of its own may. */
const timersByHand: Record<string, string> = {
  'src/tier/queue.ts': 'whoever holds the queue has its timer keep the process alive after all',
};

test('timers of the library are made in one file', () => {
  const library = sourcesOf('src').filter(
    (file) => !/^src.(cli|inspect|web)\b|\.test\./.test(file),
  );
  const others = library.filter(
    (file) => /\bset(Timeout|Interval)\(/.test(read(file)) && !file.endsWith('timer.ts'),
  );
  assert.deepEqual(others.sort(), Object.keys(timersByHand).sort());
});

test('nothing is left for later', () => {
  const later = new RegExp(`\\b(${['TO', 'FIX'].join('DO|')}ME)\\b`);
  for (const file of all) assert.doesNotMatch(read(file), later, file);
});
