/**
 * Hunts one mutant: runs scenarios on it until one fails.
 *
 * It is one of the schema's (schema.ts), which is compiled and instrumented already. What survives
 * there, or does not fit into it, is compiled alone, as it ships, and hunted so. A mutant whose
 * binary equals the unchanged kernel's has no behaviour of its own: nothing can tell them apart.
 */
import { type Instrumented, instrument, type Scenario, usedSeconds } from '../engine/index.ts';
import { shippedGeometry, smallGeometry } from '../geometry.ts';
import {
  type KernelBuild,
  type KernelScenario,
  type Kernels,
  runScenario,
} from '../kernel-model.ts';
import { scenarios } from '../scenarios/index.ts';
import type { Mutated } from './apply.ts';
import { compileWith } from './compile.ts';
import { choice } from './schema.ts';
import { kernelSources } from './sources.ts';

/** Finds what needs many preemptions: who waits for a lock spins a hundred times. */
const WALK: Partial<Scenario> = { mode: 'uniform', seed: 1, maxExecutions: 10_000 };

/** Of processor time: what each scenario gets at first, and how much more each time after. */
const GLANCE_SECONDS = 0.01;
const PATIENCE = 4;

/**
 * Where the schedules within the bound are too many for the time, the same time for some that are
 * drawn, deaths too: what is the last of a million in their order is often one of a thousand.
 */
const drawn = (seed: number): Partial<Scenario> => ({ mode: 'pct', seed });

/** What is run against what. */
export interface Hunt extends Mutated {
  name: string;
  /** What it has of its own when lines shift and functions move. */
  key: string;
  /** Which of the schema's mutants it is; 0 if it is to be compiled alone. */
  number: number;
  /** In this order, again and again: the first that fails ends the hunt. */
  scenarios: string[];
  /** Those of them that are walked at random, with no bound, if none fails. */
  walks: string[];
  /** Those that come last: it is not known that they reach the change. */
  rest: string[];
  /** Preemptions, where more are needed than a scenario's own bound. */
  bound?: number;
  /** In the build that asserts contexts too; or in that alone, for what nothing else shows. */
  asserted?: 'too' | 'only';
  /** In the smallest geometry, compiled alone. */
  isSmall?: boolean;
  /** Of processor time, for all scenarios together. */
  maxSeconds: number;
}

export interface Catch {
  /** None, if the time was over before all searches were, or it cannot be compiled. */
  verdict: 'caught' | 'survived' | 'not reached' | 'same binary' | 'none';
  /** Which scenario failed and how; or how far the hunt got. */
  story: string;
  /** The scenario that failed. */
  by?: string;
}

/** What a hunter says that it begins: while it compiles it is silent for long. */
export type Phase = 'compiling' | 'searching';
type Begin = (phase: Phase) => void;

const unchanged = new Map<KernelBuild, Promise<Uint8Array>>();

/** The kernel in which a mutant is hunted, for each build; null for one that is the same. */
type KernelOf = (build: KernelBuild) => Promise<Instrumented | null>;

/** Kernels of all mutants, one of which is chosen when an instance is made. */
export type Schemata = Partial<Record<'test' | 'debug', Instrumented>>;

function chosenIn(schemata: Schemata): KernelOf {
  return async (build) => schemata[build === 'debug' ? 'debug' : 'test'] ?? null;
}

/** What takes the place of files in the smallest geometry. */
const small: [string, string][] = [
  ['base/geometry.ts', kernelSources().get('base/geometry-small.ts')!],
];

function aloneIn({ file, source, isSmall }: Hunt, begin: Begin): KernelOf {
  const builds = new Map<KernelBuild, Instrumented | null>();
  return async (build) => {
    const known = builds.get(build);
    if (known !== undefined) return known;
    begin('compiling');
    const same = unchanged.get(build) ?? compileWith(build, new Map());
    unchanged.set(build, same);
    const binary = await compileWith(build, new Map([...(isSmall ? small : []), [file, source]]));
    const made = Buffer.compare(binary, await same) === 0 ? null : instrument(binary);
    builds.set(build, made);
    begin('searching');
    return made;
  };
}

function scenarioOf(name: string): KernelScenario {
  const scenario = scenarios.find((candidate) => candidate.name === name);
  if (scenario === undefined) throw new Error(`no scenario is called ${name}`);
  return scenario;
}

/** A way to look for the fault: a scenario, and how it is searched. */
interface Search {
  name: string;
  options: Partial<Scenario> & { isLax?: boolean };
}

const bounded = (name: string): Search => ({ name, options: {} });
/** On the build that asserts contexts, where one schedule shows what is wrong, or none does. */
const asserted = (name: string): Search => ({ name, options: { isLax: true } });
const walked = (name: string): Search => ({ name, options: WALK });

/** Looks for one mutant; `left` are the searches that were not over in time. */
class Hunter {
  readonly #mutant: Hunt;
  readonly #kernelOf: KernelOf;
  #end: number;
  readonly left: Search[] = [];
  met = 0;
  isSame = false;

  constructor(mutant: Hunt, kernelOf: KernelOf) {
    this.#mutant = mutant;
    this.#kernelOf = kernelOf;
    this.#end = usedSeconds() + mutant.maxSeconds;
  }

  async search(search: Search, seconds: number, round: number): Promise<Catch | null> {
    const { name, options } = search;
    const found = await this.#run(search, seconds);
    if (found !== 'incomplete') {
      this.met++;
      return found;
    }
    this.left.push(search);
    if (options.mode !== undefined) return null;
    const again = await this.#run({ name, options: { ...options, ...drawn(round) } }, seconds);
    return again === 'incomplete' ? null : again;
  }

  /** Null if the search is over and nothing has failed. */
  async #run({ name, options }: Search, seconds: number): Promise<Catch | 'incomplete' | null> {
    const { bound: least = 0, number } = this.#mutant;
    const scenario = scenarioOf(name);
    const build = options.isLax ? 'debug' : (scenario.module ?? 'release');
    const begin = usedSeconds();
    const kernel = await this.#kernelOf(build);
    this.#end += usedSeconds() - begin;
    const maxSeconds = Math.min(seconds, this.#end - usedSeconds());
    if (kernel === null) {
      this.isSame = true;
      return null;
    }
    if (maxSeconds <= 0) return 'incomplete';
    const bound = Math.max(scenario.bound, least);
    const limits = { bound, maxSeconds, imports: choice(number), ...options };
    const geometry = this.#mutant.isSmall ? smallGeometry : shippedGeometry;
    const kernels = Object.assign(() => kernel, { geometry });
    const result = await resultOf(kernels, scenario, limits);
    if (result === '' || result === 'incomplete') return result === '' ? null : result;
    const { isLax, mode } = options;
    const how = `${name}${isLax ? ', asserted' : ''}${mode ? `, ${mode}` : ''}`;
    return { verdict: 'caught', story: `${how}: ${result}`, by: name };
  }

  /** The first that fails; null if none does within the time. */
  async searchLonger(all: readonly Search[]): Promise<Catch | null> {
    let searches = all;
    let seconds = GLANCE_SECONDS;
    for (let round = 1; searches.length > 0; round++, seconds *= PATIENCE) {
      const found = await this.#searchAll(searches, seconds, round);
      if (found !== null || usedSeconds() >= this.#end) return found;
      searches = this.left.splice(0);
    }
    return null;
  }

  /** The first that fails, each for so long; null if none does. */
  async #searchAll(all: readonly Search[], seconds: number, round: number): Promise<Catch | null> {
    for (const one of all) {
      const found = await this.search(one, seconds, round);
      if (found !== null) return found;
    }
    return null;
  }
}

function searchesFor({ scenarios: near, walks, asserted: where }: Hunt): Search[] {
  if (where === 'only') return near.map(asserted);
  const first = where === 'too' ? near.map(asserted) : [];
  return [...first, ...near.map(bounded), ...walks.map(walked)];
}

/**
 * Runs scenarios until one fails, or the time is over: a moment for each, for most faults show at
 * once; then longer and longer, for each that was not over by then; and the rest in the same way.
 */
export async function hunt(mutant: Hunt, begin: Begin, schemata: Schemata): Promise<Catch> {
  const { rest, number } = mutant;
  const hunter = new Hunter(mutant, number > 0 ? chosenIn(schemata) : aloneIn(mutant, begin));
  begin('searching');
  const all = searchesFor(mutant);
  const found = (await hunter.searchLonger(all)) ?? (await hunter.searchLonger(rest.map(bounded)));
  if (found !== null) return found;
  if (hunter.isSame) return { verdict: 'same binary', story: '' };
  const searches = all.length + rest.length;
  const isOver = hunter.met === searches;
  const story = `${hunter.met} of ${searches} searches`;
  if (!isOver) return { verdict: 'none', story };
  return number > 0
    ? await hunt({ ...mutant, number: 0 }, begin, schemata)
    : { verdict: 'survived', story };
}

/** How a scenario fails, '' if it does not, or 'incomplete' if its time was over. */
async function resultOf(
  kernels: Kernels,
  scenario: KernelScenario,
  options: Partial<Scenario> & { isLax?: boolean },
): Promise<string> {
  try {
    const { failure, complete, executions } = await runScenario(kernels, scenario, options);
    if (failure !== undefined) return failure.message.split('\n')[0]!;
    return complete || executions === options.maxExecutions ? '' : 'incomplete';
  } catch (error) {
    // A kernel that cannot even be set up, or of which no schedule can be repeated.
    return `not to be run: ${error instanceof Error ? error.message : error}`;
  }
}
