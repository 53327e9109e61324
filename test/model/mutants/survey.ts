/**
 * Which of the changed functions each scenario enters, with the schema's kernel as it ships.
 *
 * Until a mutant's function is entered, it is the kernel without it: where no schedule of a
 * scenario enters the function, the search of the mutant would be the same search again. So a
 * mutant meets only scenarios that reach it, and one that none reaches is known at once. First come
 * those in which what it changes meets another thread: an access there would be a race if it were
 * plain (onNear of the race detector); then the quickest. That no scenario fails shows too that the
 * schema is the kernel.
 *
 * A survey of all scenarios takes minutes; it is kept in build/ for as long as the schema and this
 * file are the same, so that a hunt which goes on does not begin with it.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Instrumented } from '../engine/index.ts';
import { type KernelScenario, memoryRules, runScenario } from '../kernel-model.ts';
import { scenarios } from '../scenarios/index.ts';
import { choice, type Member, SURVEY } from './schema.ts';

const kept = new URL('../../../build/survey.json', import.meta.url);

/** For a scenario, of processor time: most are over by then. */
const MAX_SECONDS = 0.25;

/** Of a scenario. */
interface Sight {
  /** Until its search was over, or the time for it. */
  seconds: number;
  /** What was reached by then. */
  places: number[];
  /** Functions with an access that would be a race if it were plain: "kernel/memdesc/pin/pin". */
  near: string[];
  /** Whether that is all. */
  complete: boolean;
}

/** By the scenario's name. */
export type Survey = ReadonlyMap<string, Sight>;

async function look(schema: Instrumented, scenario: KernelScenario): Promise<Sight> {
  const places = new Set<number>();
  const near = new Set<string>();
  const imports = choice(SURVEY, (place) => places.add(place));
  const observer = memoryRules(undefined, (...sites) => {
    for (const { functionName } of sites) near.add(functionName.split('\n')[0]!);
  });
  const limits = { imports, observer, maxSeconds: MAX_SECONDS };
  const { failure, seconds, complete } = await runScenario(() => schema, scenario, limits);
  if (failure !== undefined) {
    throw new Error(`${scenario.name} fails without a mutant: ${failure.message}`);
  }
  return { seconds, places: [...places], near: [...near], complete };
}

/** Looks at all scenarios. Throws when one fails: then the schema is not the kernel. */
export async function survey(schema: Instrumented): Promise<Survey> {
  const hash = createHash('sha256').update(schema.bytes);
  const key = hash.update(readFileSync(new URL(import.meta.url))).digest('hex');
  const before = existsSync(kept) ? JSON.parse(readFileSync(kept, 'utf8')) : {};
  const sights = new Map<string, Sight>(before.key === key ? before.sights : []);
  for (const scenario of scenarios) {
    if (sights.has(scenario.name)) continue;
    sights.set(scenario.name, await look(schema, scenario));
    writeFileSync(kept, JSON.stringify({ key, sights: [...sights] }));
  }
  return sights;
}

/** Scenarios that reach what a mutant changes, and those of which it is not known. */
export interface Reach {
  /** Those first in which threads meet there; else the first `own` in their order, then by time. */
  reached: string[];
  unknown: string[];
}

export function reachOf(
  names: readonly string[],
  { places, functions }: Member,
  sights: Survey,
  own: number,
): Reach {
  const isSeen = (name: string): boolean => {
    const seen = sights.get(name)?.places ?? places;
    return places.some((place) => seen.includes(place));
  };
  const isNear = (name: string): boolean => {
    const near = sights.get(name)?.near ?? [];
    return functions.some((one) => near.includes(one));
  };
  const secondsOf = (name: string): number => sights.get(name)?.seconds ?? 0;
  const others = names.slice(own).toSorted((a, b) => secondsOf(a) - secondsOf(b));
  const ordered = [...names.slice(0, own), ...others];
  const reached = ordered.filter(isSeen);
  const unknown = ordered.filter((name) => !isSeen(name) && !sights.get(name)!.complete);
  const isFar = (name: string): boolean => !isNear(name);
  return { reached: [...reached.filter(isNear), ...reached.filter(isFar)], unknown };
}
