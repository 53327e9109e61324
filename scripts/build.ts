/**
 * Builds the package: kernel variants → generated sources → dist/.
 *
 *   build/kernel/release.wasm   what ships, with function names (the names are stripped from what
 *                               is embedded; the code is the same)
 *   build/kernel/observer.wasm  the part that only looks, for pageless/inspect
 *   build/kernel/debug.wasm     contexts asserted, pages filled on alloc and free
 *   build/kernel/test.wasm      release options, with the exports of kernel/testing.ts
 *   build/kernel/two-word.wasm  the same in the two-word layout
 *   build/kernel/small.wasm     the same in the smallest geometry: kernel/base/geometry-small.ts
 *   build/kernel/lab-*.wasm     the loops of `pageless lab`, over each layout
 *   src/generated/              the embedded kernels, lab, page and supervisor's program, and the
 *                               facts that both sides need; the package's version
 *   dist/                       JavaScript and types; dist/cjs/ and dist/node/: what Node loads
 *
 * The kernel is compiled again only when its sources or its compiler changed. Runs on any Node that
 * the package supports: it is compiled by tsc first.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { compileKernels } from './compile-kernel.ts';
import { embedded, embeddedSmall, embeddedTogether } from './embedded.ts';
import { guardSource } from './guard-source.ts';
import { kernelFace } from './kernel-face.ts';
import { facts } from './kernel-facts.ts';
import { commonFlags, debugFlags, releaseFlags } from './kernel-flags.ts';
import { writeNodeFiles } from './node-files.ts';
import { slim } from './slim.ts';
import { supervisorProgram } from './supervisor-program.ts';
import { writePage } from './web-page.ts';

const root = process.cwd();
const require = createRequire(join(root, 'package.json'));

/** Those that take longest first. */
const variants: Record<string, string[]> = {
  release: ['kernel/index.ts', ...releaseFlags],
  test: ['kernel/testing.ts', ...releaseFlags],
  'two-word': ['kernel/testing.ts', ...releaseFlags, '--use', 'PAGELESS_TWO_WORD=1'],
  small: ['kernel/testing.ts', ...releaseFlags],
  debug: ['kernel/testing.ts', ...debugFlags],
  observer: ['kernel/observer.ts', ...releaseFlags],
  'lab-one-word': ['kernel/lab/index.ts', ...releaseFlags],
  'lab-two-word': ['kernel/lab/index.ts', ...releaseFlags, '--use', 'PAGELESS_TWO_WORD=1'],
  'lab-struct-page': ['kernel/lab/index.ts', ...releaseFlags, '--use', 'PAGELESS_STRUCT_PAGE=1'],
};

const [GEOMETRY, SMALL_GEOMETRY] = ['base/geometry.ts', 'base/geometry-small.ts'];
/** Of a variant: sources that others take the place of. */
const exchanges: Record<string, Record<string, string>> = {
  small: { [`kernel/${GEOMETRY}`]: `kernel/${SMALL_GEOMETRY}` },
};

function kernelSources(): string[] {
  return readdirSync(join(root, 'kernel'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .sort();
}

/** Scripts that have a part in what is compiled or generated of the kernel. */
const makers = [
  ...['build', 'compile-kernel', 'embedded', 'guard-source'],
  ...['kernel-facts', 'kernel-face', 'kernel-transform'],
];

function stamp(): string {
  const hash = createHash('sha256');
  hash.update(readFileSync(require.resolve('assemblyscript/package.json')));
  hash.update(JSON.stringify([variants, exchanges, commonFlags]));
  for (const file of makers) hash.update(readFileSync(join(root, 'scripts', `${file}.ts`)));
  for (const file of kernelSources()) hash.update(readFileSync(join(root, 'kernel', file)));
  return hash.digest('hex');
}

/** Runs a tool of a development dependency. One that fails has said why, and ends the build. */
function run(tool: string, args: string[]): void {
  const [name = '', ...path] = tool.split('/');
  const script = join(dirname(require.resolve(`${name}/package.json`)), ...path);
  const { status } = spawnSync(process.execPath, [script, ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(1);
}

async function compileKernel(): Promise<void> {
  mkdirSync(join(root, 'build/kernel'), { recursive: true });
  const builds = Object.entries(variants).map(([name, [entry = '', ...flags]]) => {
    const args = [entry, '-o', `build/kernel/${name}.wasm`, ...commonFlags, ...flags];
    return { args, exchanged: exchanges[name] ?? {} };
  });
  await compileKernels(builds);
}

/** What the package exports, as paths in dist/. */
const entries = [
  'index',
  ...['adapters/keyv', 'adapters/unstorage', 'adapters/undici'],
  'inspect/index',
  ...['tier/redis', 'tier/lmdb'],
];

const moduleOf = (variant: string) => readFileSync(join(root, `build/kernel/${variant}.wasm`));
const embeddedType = "import type { Embedded } from '../border/embedded.ts';\n";

/** Names of the exports of the release kernel, and how many numbers each takes. */
function exportedFunctions(): [name: string, parameters: number][] {
  const module = new WebAssembly.Module(readFileSync(join(root, 'build/kernel/release.wasm')));
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 64, shared: true });
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return Object.entries(exports)
    .filter(([, value]) => typeof value === 'function')
    .map(([name, value]) => [name, (value as () => void).length]);
}

async function writeGenerated(): Promise<void> {
  mkdirSync(join(root, 'src/generated'), { recursive: true });
  writeModule('kernel', `Embedded = ${await embeddedSmall(moduleOf('release'))}`);
  writeModule('observer', `Embedded = ${embedded(moduleOf('observer'))}`);
  const layouts = ['one-word', 'two-word', 'struct-page'];
  const labs = layouts.map((layout): [string, Uint8Array] => [layout, moduleOf(`lab-${layout}`)]);
  writeFileSync(join(root, 'src/generated/lab-wasm.ts'), embeddedTogether(labs));
  writeFileSync(join(root, 'src/generated/guard.ts'), guardSource(exportedFunctions()));
  const shipped = kernelSources().filter((file) => file !== SMALL_GEOMETRY);
  const sources = shipped.map((file) => readFileSync(join(root, 'kernel', file), 'utf8'));
  writeFileSync(join(root, 'src/generated/facts.ts'), facts(sources));
  const face = kernelFace((path) => readFileSync(join(root, path), 'utf8'));
  writeFileSync(join(root, 'src/generated/kernel-exports.ts'), face);
}

function writeModule(name: string, typeAndValue: string): void {
  const header = `/** Compiled, as src/border/embedded.ts says: generated by scripts/build.ts. */`;
  const text = `${header}\n${embeddedType}\nexport const ${name}Wasm: ${typeAndValue};\n`;
  writeFileSync(join(root, `src/generated/${name}-wasm.ts`), text);
}

function writeVersion(): void {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const source = `/** Generated by scripts/build.ts. */\nexport const packageVersion = '${version}';\n`;
  writeFileSync(join(root, 'src/generated/version.ts'), source);
}

function writeSupervisor(): void {
  const program = JSON.stringify(supervisorProgram(root));
  const source = `/** The supervisor's program: generated by scripts/build.ts. */\nexport const supervisorProgram: string =\n  ${program};\n`;
  writeFileSync(join(root, 'src/generated/supervisor-program.ts'), source);
}

const stampFile = join(root, 'build/kernel/stamp');
const current = stamp();
const isFresh =
  existsSync(stampFile) &&
  readFileSync(stampFile, 'utf8') === current &&
  ['facts.ts', 'guard.ts', 'kernel-exports.ts', 'lab-wasm.ts', 'observer-wasm.ts'].every((file) =>
    existsSync(join(root, 'src/generated', file)),
  );
if (!isFresh) {
  await compileKernel();
  await writeGenerated();
  writeFileSync(stampFile, current);
}
writeVersion();
writeSupervisor();
rmSync(join(root, 'dist'), { recursive: true, force: true });
// After the facts, which it bundles.
writePage(root);
run('typescript/bin/tsc', ['-p', 'tsconfig.build.json']);
slim(join(root, 'dist'), entries);
writeNodeFiles(join(root, 'dist'), entries);
// Tests that are gone would still run.
rmSync(join(root, 'build/package'), { recursive: true, force: true });
run('typescript/bin/tsc', ['-p', 'tsconfig.package.json']);
