/**
 * Mutants: the kernel with one thing wrong, which the named scenario must find.
 *
 * `npm run mutants -- [NAME…]` changes the source of one file, compiles the kernel as it ships,
 * runs the scenario, and expects a failure. A mutant that survives means that the scenario cannot
 * see the fault it is there for. The last line is `N mutants, N caught`.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { instrument } from './engine/index.ts';
import { runScenario } from './kernel-model.ts';
import { type Mutant, mutants } from './mutants/table.ts';
import { scenarios } from './scenarios/index.ts';

const root = new URL('../..', import.meta.url).pathname;
const require = createRequire(import.meta.url);

const flags = [
  ...['--runtime', 'stub', '--importMemory', '--sharedMemory', '--use', 'abort='],
  ...['--initialMemory', '64', '--maximumMemory', '65535'],
  ...['--enable', 'threads,simd,bulk-memory', '-O3', '--noAssert', '--debug'],
];

/** The release kernel with the mutant's change. */
function build({ name, file, edits }: Mutant): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'pageless-mutant-'));
  try {
    cpSync(join(root, 'kernel'), join(folder, 'kernel'), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    const path = join(folder, 'kernel', file);
    let source = readFileSync(path, 'utf8');
    for (const [find, replace] of edits) {
      if (source.split(find).length !== 2) throw new Error(`${name}: not found once in ${file}`);
      source = source.replace(find, () => replace);
    }
    writeFileSync(path, source);
    const compiler = join(require.resolve('assemblyscript/package.json'), '../bin/asc.js');
    const args = [compiler, 'kernel/index.ts', '-o', 'mutant.wasm', ...flags];
    execFileSync(process.execPath, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
    return readFileSync(join(folder, 'mutant.wasm'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function isCaught(mutant: Mutant): Promise<boolean> {
  const kernel = instrument(build(mutant));
  for (const name of mutant.scenarios) {
    const scenario = scenarios.find((candidate) => candidate.name === name);
    if (!scenario) throw new Error(`${mutant.name}: no scenario is called ${name}`);
    const limits = { bound: Math.max(scenario.bound, mutant.bound ?? 0), maxSeconds: 120 };
    const { failure } = await runScenario(kernel, scenario, limits);
    if (failure) {
      console.log(`caught    ${mutant.name}: ${name}: ${failure.message.split('\n')[0]}`);
      return true;
    }
  }
  console.log(`SURVIVED  ${mutant.name}`);
  return false;
}

const names = process.argv.slice(2);
const chosen = mutants.filter(({ name }) => names.length === 0 || names.includes(name));
let caught = 0;
for (const mutant of chosen) if (await isCaught(mutant)) caught++;
console.log(`${chosen.length} mutants, ${caught} caught`);
process.exitCode = caught === chosen.length && caught > 0 ? 0 : 1;
