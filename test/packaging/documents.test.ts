/**
 * Every code block of the README and the guides is run, from the packed package in a folder where
 * `npm init -y` was run, on the oldest and the newest Node; and so are the examples. Those of
 * TypeScript are compiled as well.
 */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import { PATIENCE_MS } from '../support/patience.ts';
import { type CodeBlock, codeBlocks } from './code-blocks.ts';
import { type Node, oldestAndNewest } from './nodes.ts';
import { installed, packed, root } from './packed.ts';

const { folder } = packed();
const nodes = oldestAndNewest();
const guides = join(folder, 'docs/guides');
const documents = [
  join(folder, 'README.md'),
  ...(existsSync(guides) ? readdirSync(guides).map((name) => join(guides, name)) : []),
];
const place = installed(folder, [
  '@opentelemetry',
  'cache-manager',
  'cacheable',
  'keyv',
  'keyv5',
  'lru-cache',
  'msgpackr',
  'piscina',
  'undici',
  'unstorage',
]);

/** Runs a program; fails when it fails, or hangs. @returns what it prints */
function run(node: Node, file: string, cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { cwd, encoding: 'utf8' as const, timeout: PATIENCE_MS };
    execFile(node.path, [file], options, (error, stdout, stderr) => {
      if (error) reject(new Error(`${error.message}\n${stdout}\n${stderr}`));
      else resolve(stdout);
    });
  });
}

function assertPrints(block: CodeBlock, output: string): void {
  const lines = output.split('\n');
  let from = 0;
  for (const text of block.prints) {
    const at = lines.indexOf(text, from);
    assert.ok(at >= 0, `promises to print ${text}, and printed\n${output}`);
    from = at + 1;
  }
}

for (const document of documents) {
  const name = basename(document);
  const blocks = codeBlocks(readFileSync(document, 'utf8'));
  const cwd = join(place, name);
  mkdirSync(cwd);
  for (const { name, code } of blocks) writeFileSync(join(cwd, name), code);
  describe(name, { concurrency: 2 }, () => {
    for (const block of blocks.filter(({ isProgram }) => isProgram)) {
      for (const node of nodes.filter(({ major }) => major >= block.needs)) {
        test(`line ${block.line} on Node ${node.version}`, async () => {
          assertPrints(block, await run(node, block.name, cwd));
        });
      }
    }
  });
}

describe('examples', () => {
  const cwd = join(place, 'examples');
  cpSync(join(folder, 'examples'), cwd, { recursive: true });
  for (const file of readdirSync(cwd)) {
    for (const node of nodes.filter(({ major }) => !file.endsWith('ts') || major >= 24)) {
      test(`${file} on Node ${node.version}`, async () => {
        assert.notEqual(await run(node, file, cwd), '');
      });
    }
  }
});

test('blocks of TypeScript compile, strictly', () => {
  const files = documents.flatMap((document) => {
    const blocks = codeBlocks(readFileSync(document, 'utf8'));
    const typed = blocks.filter(({ name }) => name.endsWith('ts'));
    return typed.map(({ name }) => join(place, basename(document), name));
  });
  assert.ok(files.length >= 3);
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const flags = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--skipLibCheck'];
  const module = ['--module', 'nodenext', '--target', 'es2024', '--allowImportingTsExtensions'];
  const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules/@types')];
  const command = [tsc, ...flags, ...module, ...types, ...files];
  const options = { cwd: place, encoding: 'utf8' as const };
  const { status, stdout } = spawnSync(process.execPath, command, options);
  assert.equal(status, 0, stdout);
});

test('the README begins with the example as it is', () => {
  const source = readFileSync(join(folder, 'examples/worker-cache.mjs'), 'utf8');
  const [first] = codeBlocks(readFileSync(join(folder, 'README.md'), 'utf8'));
  assert.equal(first?.code, source.slice(source.indexOf('\n') + 1));
});

test('the README has programs for the oldest Node, and one for TypeScript', () => {
  const blocks = codeBlocks(readFileSync(join(folder, 'README.md'), 'utf8'));
  const programs = blocks.filter(({ isProgram }) => isProgram);
  assert.ok(programs.filter(({ needs }) => needs === 0).length >= 2);
  assert.ok(programs.some(({ needs }) => needs > 0));
});
