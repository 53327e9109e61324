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
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commonFlags, releaseFlags } from '../scripts/kernel-flags.ts';

const root: string = fileURLToPath(new URL('..', import.meta.url));
const folder: string = join(root, 'build/bench');
const asc: string = createRequire(import.meta.url).resolve('assemblyscript/bin/asc.js');

/** The file called `name` that `make` writes, made anew when `inputs` are not what they were. */
function artifact(name: string, inputs: string[], make: (file: string) => void): string {
  const hash = createHash('sha256').update(inputs.join('\0')).digest('hex').slice(0, 12);
  const file = join(folder, `${name}.${hash}`);
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  for (const old of readdirSync(folder)) {
    if (old.startsWith(`${name}.`)) rmSync(join(folder, old));
  }
  // Whole or not at all, also when two suites start at once.
  const fresh = join(folder, `${process.pid}-${name}`);
  make(fresh);
  renameSync(fresh, file);
  return file;
}

function sourcesIn(path: string): string[] {
  return readdirSync(join(root, path), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .sort()
    .map((file) => join(path, file));
}

/** Compiles bench/kernel/NAME.ts with the flags of what ships. */
export function compileKernel(name: string): WebAssembly.Module {
  const flags = [...commonFlags, ...releaseFlags];
  const version = readFileSync(join(asc, '../../package.json'), 'utf8');
  const sources = [
    ...sourcesIn('kernel'),
    ...sourcesIn('bench/kernel'),
    'scripts/kernel-transform.ts',
  ];
  const texts = sources.map((file) => readFileSync(join(root, file), 'utf8'));
  const file = artifact(`${name}.wasm`, [version, ...flags, ...texts], (out) => {
    const args = [asc, `bench/kernel/${name}.ts`, '-o', out, ...flags];
    execFileSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  });
  return new WebAssembly.Module(readFileSync(file));
}

/** Compiles bench/native/NAME.c. Throws when the compiler or a library is missing. */
export function compileNative(name: string, libraries: string[] = []): string {
  const source = join(root, 'bench/native', `${name}.c`);
  const flags = ['-O2', '-fno-builtin-malloc', '-fno-builtin-free', '-pthread', source];
  const links = libraries.map((library) => `-l${library}`);
  const inputs = [readFileSync(source, 'utf8'), ...flags, ...links];
  return artifact([name, ...libraries].join('-'), inputs, (out) => {
    // The linker would leave out a library that only replaces what the C library has as well.
    const args = [...flags, '-Wl,--no-as-needed', ...links, '-ldl', '-o', out];
    execFileSync('cc', args, { stdio: 'pipe' });
  });
}
