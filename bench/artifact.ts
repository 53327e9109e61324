/**
 * What suites compile when they start: kernels with loops inside, and native peers.
 *
 * Kept under build/bench, under a name that ends with a hash of all that went in, until something
 * of it changes.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commonFlags, releaseFlags } from '../scripts/kernel-flags.ts';

const root: string = fileURLToPath(new URL('..', import.meta.url));
const folder: string = join(root, 'build/bench');
const asc: string = createRequire(import.meta.url).resolve('assemblyscript/bin/asc.js');

/** Where what is called `name` is kept when it was made of `inputs`. */
function placeOf(name: string, inputs: string[]): string {
  const hash = createHash('sha256').update(inputs.join('\0')).digest('hex').slice(0, 12);
  return join(folder, `${name}.${hash}`);
}

/** Where it is made: it gets its name whole or not at all, also when two suites start at once. */
function freshFor(name: string): string {
  mkdirSync(folder, { recursive: true });
  return join(folder, `${process.pid}-${name}`);
}

/** Puts it in its place, and takes away what it was before. */
function keep(fresh: string, place: string): void {
  const beginning = place.slice(0, place.lastIndexOf('.') + 1);
  for (const old of readdirSync(folder).map((file) => join(folder, file))) {
    if (old.startsWith(beginning) && old !== place) rmSync(old, { force: true });
  }
  renameSync(fresh, place);
}

function sourcesIn(path: string): string[] {
  return readdirSync(join(root, path), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .sort()
    .map((file) => join(path, file));
}

const kernels = ['bare', 'buddy', 'codec', 'frames', 'traces', 'yardsticks', 'zsmalloc'];
let flags = [...commonFlags, ...releaseFlags];
let suffix = '.wasm';

/** Compiles kernels in a sixth of the time from now on, for who measures nothing. */
export function compileQuickly(): void {
  flags = flags.map((flag) => (flag === '-O3' ? '-O0' : flag));
  suffix = '.quick.wasm';
}

function placeOfKernel(name: string): string {
  const version = readFileSync(join(asc, '../../package.json'), 'utf8');
  const sources = [
    ...sourcesIn('kernel'),
    ...sourcesIn('bench/kernel'),
    'scripts/kernel-transform.ts',
  ];
  const texts = sources.map((file) => readFileSync(join(root, file), 'utf8'));
  return placeOf(`${name}${suffix}`, [version, ...flags, ...texts]);
}

const argumentsFor = (name: string, out: string): string[] => {
  return [`bench/kernel/${name}.ts`, '-o', relative(root, out), ...flags];
};

/** Compiles bench/kernel/NAME.ts, with the flags of what ships if nobody said `compileQuickly`. */
export function compileKernel(name: string): WebAssembly.Module {
  const place = placeOfKernel(name);
  if (!existsSync(place)) {
    const fresh = freshFor(name);
    execFileSync(process.execPath, [asc, ...argumentsFor(name, fresh)], {
      cwd: root,
      stdio: 'inherit',
    });
    keep(fresh, place);
  }
  return new WebAssembly.Module(readFileSync(place));
}

/** Compiles all that suites would, which takes a third of the time. From the project's folder. */
export async function compileAllKernels(): Promise<void> {
  const missing = kernels.filter((name) => !existsSync(placeOfKernel(name)));
  if (missing.length === 0) return;
  // It loads the compiler, which takes longer than some suites do.
  const { compileKernels } = await import('../scripts/compile-kernel.ts');
  await compileKernels(missing.map((name) => ({ args: argumentsFor(name, freshFor(name)) })));
  for (const name of missing) keep(freshFor(name), placeOfKernel(name));
}

/** Compiles bench/native/NAME.c. Throws when the compiler or a library is missing. */
export function compileNative(name: string, libraries: string[] = []): string {
  const source = join(root, 'bench/native', `${name}.c`);
  const options = ['-O2', '-fno-builtin-malloc', '-fno-builtin-free', '-pthread', source];
  const links = libraries.map((library) => `-l${library}`);
  const inputs = [readFileSync(source, 'utf8'), ...options, ...links];
  const full = [name, ...libraries].join('-');
  const place = placeOf(full, inputs);
  if (existsSync(place)) return place;
  const fresh = freshFor(full);
  // The linker would leave out a library that only replaces what the C library has as well.
  const args = [...options, '-Wl,--no-as-needed', ...links, '-ldl', '-o', fresh];
  execFileSync('cc', args, { stdio: 'pipe' });
  keep(fresh, place);
  return place;
}
