/**
 * Hunts one mutant: compiles the kernel with its file changed and runs scenarios until one fails.
 *
 * The compiler runs in this process, which makes a kernel in 0.7 s once it is warm, and byte for
 * byte the one that ships. A mutant whose binary equals the unchanged kernel's has no behaviour of
 * its own: nothing can tell them apart.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import asc from 'assemblyscript/asc';
import { commonFlags, releaseFlags } from '../../../scripts/kernel-flags.ts';
import { type Instrumented, instrument, type Scenario } from '../engine/index.ts';
import { runScenario } from '../kernel-model.ts';
import { scenarios } from '../scenarios/index.ts';
import { kernelFolder } from './generate.ts';

const root = join(kernelFolder, '..');

const flags = [...commonFlags, ...releaseFlags];

/** Finds what needs many preemptions: who waits for a lock spins a hundred times. */
const WALK: Partial<Scenario> = { mode: 'uniform', seed: 1, maxExecutions: 10_000 };

/** What is run against what. */
export interface Hunt {
  name: string;
  /** Below kernel/. */
  file: string;
  /** The whole file with the change. */
  source: string;
  /** In this order; the first that fails ends the hunt. */
  scenarios: string[];
  /** Those of them that are walked at random, with no bound, if none fails. */
  walks: string[];
  /** Preemptions, where more are needed than a scenario's own bound. */
  bound?: number;
  /** For all scenarios together. */
  maxSeconds: number;
}

export interface Catch {
  verdict: 'caught' | 'survived' | 'same binary';
  /** Which scenario failed and how; or how far the hunt got. */
  story: string;
}

/** The release kernel with one file changed. */
export async function compileWith(file: string, source: string): Promise<Uint8Array> {
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(['kernel/index.ts', '-o', 'mutant.wasm', ...flags], {
    readFile(name) {
      if (name === `kernel/${file}`) return source;
      try {
        return readFileSync(join(root, name), 'utf8');
      } catch {
        return null;
      }
    },
    writeFile(name, contents) {
      if (name.endsWith('.wasm')) binary = contents as Uint8Array;
    },
    listFiles: () => null,
  });
  if (error !== null || binary === undefined) throw new Error(`${file}: ${stderr.toString()}`);
  return binary;
}

let unchanged: Promise<Uint8Array> | undefined;

/** Told before each scenario. */
export async function hunt(mutant: Hunt): Promise<Catch> {
  unchanged ??= compileWith('', '');
  const binary = await compileWith(mutant.file, mutant.source);
  if (Buffer.compare(binary, await unchanged) === 0) return { verdict: 'same binary', story: '' };
  const kernel = instrument(binary);
  const end = performance.now() + mutant.maxSeconds * 1000;
  let met = 0;
  for (const name of mutant.scenarios) {
    const maxSeconds = (end - performance.now()) / 1000;
    const failure = await fails(kernel, name, { bound: mutant.bound ?? 0, maxSeconds });
    if (failure !== '') return { verdict: 'caught', story: `${name}: ${failure}` };
    met++;
    if (performance.now() > end) break;
  }
  for (const name of mutant.walks) {
    const failure = await fails(kernel, name, WALK);
    if (failure !== '') return { verdict: 'caught', story: `${name}, walked: ${failure}` };
  }
  return { verdict: 'survived', story: `${met} of ${mutant.scenarios.length} scenarios` };
}

/** How a scenario fails, or '' if it does not. */
async function fails(
  kernel: Instrumented,
  name: string,
  options: Partial<Scenario>,
): Promise<string> {
  const scenario = scenarios.find((candidate) => candidate.name === name);
  if (scenario === undefined) throw new Error(`no scenario is called ${name}`);
  const bound = Math.max(scenario.bound, options.bound ?? 0);
  try {
    const { failure } = await runScenario(kernel, scenario, { ...options, bound });
    return failure?.message.split('\n')[0] ?? '';
  } catch (error) {
    // A kernel that cannot even be set up, or of which no schedule can be repeated.
    return `not to be run: ${error instanceof Error ? error.message : error}`;
  }
}
