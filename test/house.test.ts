/**
 * The house is as its map says: every file in a room that ARCHITECTURE.md names, every path that a
 * document or a comment names is there, and nothing in the kernel that nobody uses.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const isThere = (path: string): boolean => existsSync(join(root, path));

function git(...args: string[]): string[] {
  const text = execFileSync('git', args, { cwd: root, encoding: 'utf8' });
  return text.split('\n').filter((line) => line !== '');
}

const files = git('ls-files', '--cached', '--others', '--exclude-standard').filter(isThere);
const sources = files.filter((file) => /^(kernel|src|test|bench|scripts)\/.*\.tsx?$/.test(file));
/** What is true now; decisions and the log of changes are about what was. */
const documents = files.filter((file) => /^(?!docs\/decisions|CHANGELOG).*\.md$/.test(file));
/** The kernel as it ships: without what unit tests and the lab add. */
const kernel = sources.filter((file) =>
  /^kernel\/(?!lab\/|testing).*(?<!\.test|\.d)\.ts$/.test(file),
);

function comments(text: string): string[] {
  return text.match(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*/gm) ?? [];
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
}

test('every file is in a room of the map', () => {
  const rows = read('ARCHITECTURE.md').match(/^\| `(kernel|src)[/`].*/gm) ?? [];
  const rooms = new Set(
    rows
      .flatMap((row) => [...row.split('|')[1]!.matchAll(/`([^`]*)`/g)])
      .map(([, room]) => room!.replace(/\/(\*\.ts)?$/, '')),
  );
  assert.ok(rooms.size > 20);
  for (const file of sources.filter((name) => /^(kernel|src)\//.test(name))) {
    const isThere = rooms.has(dirname(file)) || rooms.has(file.replace('.test.ts', '.ts'));
    assert.ok(isThere, `${file} is not on the map of ARCHITECTURE.md`);
  }
});

test('the root holds documents and settings, and no leavings of a tool', () => {
  const known = /\/|^(?:LICENSE|\.gitignore|[A-Z]+\.md|[a-z-]+(?:\.[a-z]+)?\.json)$/;
  assert.deepEqual(
    files.filter((file) => !known.test(file)),
    [],
  );
});

test('decisions have numbers of their own, which their titles say', () => {
  const decisions = files.filter((file) => /^docs\/decisions\/\d/.test(file));
  const numbers = decisions.map((file) => file.slice('docs/decisions/'.length).slice(0, 4));
  assert.equal(new Set(numbers).size, decisions.length, 'two of one number');
  for (const [i, file] of decisions.entries()) {
    assert.ok(read(file).startsWith(`# ${numbers[i]}: `), file);
  }
});

test('what documents name is there', () => {
  const path = /(?<![\w./@-])(?:kernel|src|test|bench|docs|examples|scripts)\/[\w./*-]*\.\w+/g;
  for (const document of documents) {
    for (const [name] of read(document).matchAll(path)) {
      assert.ok(name.includes('*') || isThere(name), `${document}: ${name}`);
    }
  }
});

test('what comments name is there', () => {
  const bases = ['', 'kernel/', 'src/', 'test/model/'];
  const lost: string[] = [];
  for (const file of sources) {
    const beside = [`${dirname(file)}/`, `${dirname(dirname(file))}/`];
    for (const text of comments(read(file))) {
      for (const [, name] of text.matchAll(/(?<![\w./*-])((?:[a-z-]+\/)*[a-z-]+\.ts)\b/g)) {
        if (![...bases, ...beside].some((base) => isThere(base + name)))
          lost.push(`${file}: ${name}`);
      }
    }
  }
  assert.deepEqual(lost, []);
});

/** Names of others' that documents say. */
const foreign = ['clientSideCache'];

test('functions that documents and comments name are there', () => {
  const texts = new Map(sources.map((file) => [file, read(file)]));
  const code = [...texts.values()].map(withoutComments).join('\n');
  const known = new Set([...foreign, ...(code.match(/[A-Za-z_]\w*/g) ?? [])]);
  const prose = new Map(
    documents
      .filter((file) => /^(ARCHITECTURE|CONTRIBUTING|docs\/(design|TESTING|GLOSSARY))/.test(file))
      .map((file) => [file, read(file).replace(/```[\s\S]*?```/g, '')]),
  );
  for (const [file, text] of texts) {
    if (/^(kernel|src)\//.test(file)) prose.set(file, comments(text).join('\n'));
  }
  const lost: string[] = [];
  for (const [file, text] of prose) {
    for (const [, quoted] of text.matchAll(/`([^`\n]+)`/g)) {
      const names = quoted!.match(/(?<!\w)[a-z]+[A-Z]\w*/g) ?? [];
      lost.push(...names.filter((name) => !known.has(name)).map((name) => `${file}: ${name}`));
    }
  }
  assert.deepEqual(lost, []);
});

/** Declarations that nothing in the kernel uses, and why they stand there. */
const unused: Record<string, string> = {
  'kernel/store/resize.ts setMany': 'for the model: few entries show what many do',
  'kernel/zsmalloc/handle.ts CELL_FREE': 'a value of a table, which a test looks for',
};

test('nothing in the kernel is dead', () => {
  const bodies = new Map(
    kernel.map((file) => [file, withoutComments(read(file)).replace(/^import[^;]*;/gm, '')]),
  );
  const inKernel = [...bodies.values()].join('\n');
  // Constants and records reach TypeScript as generated facts.
  const outside = sources
    .filter((file) => /^(src|bench)\//.test(file))
    .map(read)
    .join('\n');
  const dead: string[] = [];
  for (const [file, body] of bodies) {
    for (const [, kind, name] of body.matchAll(/^(?:export )?(function|const|class|let) (\w+)/gm)) {
      const word = new RegExp(`\\b${name}\\b`, 'g');
      const isExport = kind === 'function' && file.startsWith('kernel/exports/');
      const isFact = kind === 'class' || (kind === 'const' && word.test(outside));
      const uses = inKernel.match(word)!.length - 1;
      if (uses === 0 && !isExport && !isFact) dead.push(`${file} ${name}`);
    }
  }
  assert.deepEqual(dead.sort(), Object.keys(unused).sort());
});

test('comments have lines of at most 100 characters', () => {
  const wide = sources.flatMap((file) =>
    read(file)
      .split('\n')
      .filter((line) => /^\s*(\/\/|\/?\*)/.test(line) && [...line].length > 100)
      .map((line) => `${file}: ${line}`),
  );
  assert.deepEqual(wide, []);
});

/** Since this is looked at. */
const RULED_SINCE = '2026-11-29T02:00:00Z';

test('subjects of commits have at most 72 characters', () => {
  const subjects = git('log', '--format=%s', `--since=${RULED_SINCE}`);
  assert.deepEqual(
    subjects.filter((subject) => subject.length > 72),
    [],
  );
});
