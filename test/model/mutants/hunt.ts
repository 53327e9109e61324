/**
 * Hunts one mutant: compiles the kernel with its file changed and runs scenarios until one fails.
 *
 * The compiler runs in this process, which makes a kernel in 0.7 s once it is warm, and byte for
 * byte the one that ships. A mutant whose binary equals the unchanged kernel's has no behaviour of
 * its own: nothing can tell them apart.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import asc from 'assemblyscript/asc';
import { commonFlags, debugFlags, releaseFlags } from '../../../scripts/kernel-flags.ts';
import { type Instrumented, instrument, type Scenario } from '../engine/index.ts';
import { type KernelBuild, type KernelScenario, runScenario } from '../kernel-model.ts';
import { scenarios } from '../scenarios/index.ts';
import { kernelFolder } from './sources.ts';

const root = join(kernelFolder, '..');

/** Finds what needs many preemptions: who waits for a lock spins a hundred times. */
const WALK: Partial<Scenario> = { mode: 'uniform', seed: 1, maxExecutions: 10_000 };

/** What each scenario gets at first. */
const GLANCE_SECONDS = 0.4;

/** What is run against what. */
export interface Hunt {
  name: string;
  /** Below kernel/. */
  file: string;
  /** The whole file with the change. */
  source: string;
  /** In this order, twice: the first that fails ends the hunt. */
  scenarios: string[];
  /** Those of them that are walked at random, with no bound, if none fails. */
  walks: string[];
  /** Preemptions, where more are needed than a scenario's own bound. */
  bound?: number;
  /** In the build that asserts contexts, for what nothing else shows. */
  isAsserted?: boolean;
  /** For all scenarios together. */
  maxSeconds: number;
}

export interface Catch {
  /** None, if the time was over before all searches were, or it cannot be compiled. */
  verdict: 'caught' | 'survived' | 'same binary' | 'none';
  /** Which scenario failed and how; or how far the hunt got. */
  story: string;
}

/** What a hunter says that it begins: while it compiles it is silent for long. */
export type Phase = 'compiling' | 'searching';

const builds: Record<KernelBuild, string[]> = {
  release: ['kernel/index.ts', ...releaseFlags],
  test: ['kernel/testing.ts', ...releaseFlags],
  debug: ['kernel/testing.ts', ...debugFlags],
};

/** A build of the kernel with one file changed. */
export async function compileWith(
  build: KernelBuild,
  file: string,
  source: string,
): Promise<Uint8Array> {
  let binary: Uint8Array | undefined;
  // The compiler holds up this thread for seconds, and with it the sign that it is alive
  // (hunter.ts).
  await turn();
  const args = [...builds[build], '-o', 'mutant.wasm', ...commonFlags];
  const { error, stderr } = await asc.main(args, {
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

const unchanged = new Map<KernelBuild, Promise<Uint8Array>>();

/** The builds of a mutant; null for one that equals the unchanged kernel's. */
class Builds {
  readonly #mutant: Hunt;
  readonly #begin: (phase: Phase) => void;
  readonly #builds = new Map<KernelBuild, Instrumented | null>();

  constructor(mutant: Hunt, begin: (phase: Phase) => void) {
    this.#mutant = mutant;
    this.#begin = begin;
  }

  async get(build: KernelBuild): Promise<Instrumented | null> {
    const known = this.#builds.get(build);
    if (known !== undefined) return known;
    const { file, source } = this.#mutant;
    this.#begin('compiling');
    const same = unchanged.get(build) ?? compileWith(build, '', '');
    unchanged.set(build, same);
    const binary = await compileWith(build, file, source);
    const made = Buffer.compare(binary, await same) === 0 ? null : instrument(binary);
    this.#builds.set(build, made);
    this.#begin('searching');
    return made;
  }
}

function scenarioOf(name: string): KernelScenario {
  const scenario = scenarios.find((candidate) => candidate.name === name);
  if (scenario === undefined) throw new Error(`no scenario is called ${name}`);
  return scenario;
}

/** A way to look for the fault: a scenario, and how it is searched. */
interface Search {
  name: string;
  options: Partial<Scenario>;
}

/** Looks for one mutant; `left` are the searches that were not over in time. */
class Hunter {
  readonly #mutant: Hunt;
  readonly #builds: Builds;
  readonly #end: number;
  readonly left: Search[] = [];
  met = 0;

  constructor(mutant: Hunt, begin: (phase: Phase) => void) {
    this.#mutant = mutant;
    this.#builds = new Builds(mutant, begin);
    this.#end = performance.now() + mutant.maxSeconds * 1000;
  }

  async search({ name, options }: Search, seconds: number): Promise<Catch | null> {
    const { isAsserted: isLax = false, bound: least = 0 } = this.#mutant;
    const scenario = scenarioOf(name);
    const kernel = await this.#builds.get(isLax ? 'debug' : (scenario.module ?? 'release'));
    const maxSeconds = Math.min(seconds, (this.#end - performance.now()) / 1000);
    if (kernel === null || maxSeconds <= 0) return null;
    const bound = Math.max(scenario.bound, least);
    const limits = { bound, maxSeconds, isLax, ...options };
    const result = await resultOf(kernel, scenario, limits);
    if (result === 'incomplete') this.left.push({ name, options });
    else this.met++;
    const how = options.mode === undefined ? name : `${name}, walked`;
    if (result === 'incomplete' || result === '') return null;
    return { verdict: 'caught', story: `${how}: ${result}` };
  }

  /** The first that fails, each for so long; null if none does. */
  async searchAll(all: readonly Search[], seconds: number): Promise<Catch | null> {
    for (const one of all) {
      const found = await this.search(one, seconds);
      if (found !== null) return found;
    }
    return null;
  }
}

/**
 * Runs scenarios until one fails, or the time is over: those of the file's own protocol, then the
 * others. A moment for each, for most faults show at once; then all that it needs for each that was
 * not over by then; in the end the walks.
 */
export async function hunt(mutant: Hunt, begin: (phase: Phase) => void): Promise<Catch> {
  const { scenarios: all, walks, maxSeconds } = mutant;
  const hunter = new Hunter(mutant, begin);
  const isOwn = (name: string): boolean => walks.includes(name);
  for (const names of [all.filter(isOwn), all.filter((name) => !isOwn(name))]) {
    const searches = names.map((name) => ({ name, options: {} }));
    const found =
      (await hunter.searchAll(searches, GLANCE_SECONDS)) ??
      (await hunter.searchAll(hunter.left.splice(0), maxSeconds));
    if (found !== null) return found;
  }
  const searches = walks.map((name) => ({ name, options: WALK }));
  const found = await hunter.searchAll(searches, maxSeconds);
  if (found !== null) return found;
  if (hunter.met + hunter.left.length === 0) return { verdict: 'same binary', story: '' };
  const isOver = hunter.met === all.length + walks.length;
  const story = `${hunter.met} of ${all.length + walks.length} searches`;
  return { verdict: isOver ? 'survived' : 'none', story };
}

/** How a scenario fails, '' if it does not, or 'incomplete' if its time was over. */
async function resultOf(
  kernel: Instrumented,
  scenario: KernelScenario,
  options: Partial<Scenario> & { isLax?: boolean },
): Promise<string> {
  try {
    const { failure, complete } = await runScenario(() => kernel, scenario, options);
    if (failure !== undefined) return failure.message.split('\n')[0]!;
    return complete || options.mode !== undefined ? '' : 'incomplete';
  } catch (error) {
    // A kernel that cannot even be set up, or of which no schedule can be repeated.
    return `not to be run: ${error instanceof Error ? error.message : error}`;
  }
}
