/**
 * Mutants: the kernel with one thing wrong, which a scenario must find.
 *
 * `npm run mutants -- [NAME…] [OPTION…]` puts changes into the kernel (mutants/schema.ts), runs
 * scenarios with one of them at a time, and expects a failure. Two sorts: those *written* by hand
 * (mutants/table.ts), each with the scenario that is there to find it, and those *generated* from
 * the source (mutants/generate.ts), which meet all scenarios that reach them. One that survives
 * means that nothing needs the line, or that the scenarios cannot see what it is for.
 * mutants/excuses.ts lists both cases, with reasons; those are not hunted.
 *
 *   NAME              written ones by name, and no generated ones
 *   --each            the written ones alone, by each of their scenarios apart
 *   --only PATTERN    those whose name matches the regular expression
 *   --sample N        of the generated ones only N, drawn by --seed S (default 1)
 *   --jobs N          hunters at a time (default 1)
 *   --listed          only the listed ones, which must survive
 *   --changed BASE    those of the kernel's files that differ from a commit of git
 *   --continue        not those that mutants/verdicts.tsv says were caught, in files as they are
 *                     now; writes each verdict into that table, so that a hunt may be interrupted
 *   --units           with the kernel's unit tests (mutants/units.ts) instead of scenarios: to be
 *                     tried on what has no verdict from these
 *   --alone           each is compiled by itself, as it ships, and meets every scenario
 *   --where           hunts none, but says in which scenarios each of the generated ones would make
 *                     a difference (mutants/marks.ts): with --continue, of those without a verdict
 *   --there           each in these scenarios alone, which get all the time: the first six
 *   --in SCENARIO…    in these alone, with commas between them
 *   --max-seconds N   of processor time, for all scenarios of a mutant (default 120); whose
 *                     searches were not over by then, and have not failed, has no verdict, and is
 *                     hunted again another time
 *
 * The last line is `N mutants, N caught`; equivalent ones are counted in the line before it.
 */
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { numberOption } from '../support/number-option.ts';
import { Random } from './engine/strategies/random.ts';
import { mutated } from './mutants/apply.ts';
import { compileWith } from './mutants/compile.ts';
import type { Excuse } from './mutants/excuse.ts';
import { equivalents, excuseFor } from './mutants/excuses.ts';
import { type Generated, generateMutants } from './mutants/generate.ts';
import type { Catch, Hunt, Schemata } from './mutants/hunt.ts';
import { whereShown } from './mutants/marks.ts';
import type { Mutant } from './mutants/mutant.ts';
import { huntAll } from './mutants/pack.ts';
import { ownScenarios, scenariosFor } from './mutants/relevant.ts';
import { compileSchema, schemaOf } from './mutants/schema.ts';
import { reachOf, survey } from './mutants/survey.ts';
import { mutants } from './mutants/table.ts';
import { huntWithUnits } from './mutants/units.ts';
import { unreachable } from './mutants/unreachable.ts';
import { Verdicts } from './mutants/verdicts.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    each: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '1' },
    listed: { type: 'boolean', default: false },
    changed: { type: 'string' },
    continue: { type: 'boolean', default: false },
    alone: { type: 'boolean', default: false },
    units: { type: 'boolean', default: false },
    where: { type: 'boolean', default: false },
    there: { type: 'boolean', default: false },
    in: { type: 'string' },
    'max-seconds': { type: 'string', default: '120' },
  },
});
const maxSeconds = numberOption('--max-seconds', values['max-seconds']);

/** With --in. */
const meant = values.in?.split(',');

/** So many mutants that meet all scenarios are worth a survey of them. */
const SURVEY_FROM = 10;

function fromTable(mutant: Mutant): Hunt {
  const { name, scenarios, bound = 0, isAsserted, isSmall = false } = mutant;
  const asserted = isAsserted ? { asserted: 'only' as const } : {};
  const searched = { scenarios, walks: [], rest: [], bound, maxSeconds, isSmall, ...asserted };
  return { name, key: name, number: 0, ...mutated(mutant), ...searched };
}

function fromSource({ name, identity, kind, file, source }: Generated): Hunt {
  const walks = meant ?? ownScenarios(file);
  // What is left out is often what others assert.
  const asserted = kind === 'drop' ? { asserted: 'too' as const } : {};
  const met = meant ?? scenariosFor(file);
  const searched = { scenarios: met, walks, rest: [], maxSeconds, ...asserted };
  return { name, key: identity, number: 0, file, source, ...searched };
}

function draw(from: Generated[]): Generated[] {
  if (values.sample === undefined) return from;
  const random = new Random(numberOption('--seed', values.seed));
  const left = [...from];
  const count = Math.min(numberOption('--sample', values.sample), left.length);
  return Array.from({ length: count }, () => left.splice(random.below(left.length), 1)[0]!);
}

const isMeant = ({ name }: { name: string }): boolean =>
  positionals.length > 0 ? positionals.includes(name) : new RegExp(values.only).test(name);

if (values.each && values.continue) throw new Error('--each writes no verdicts');

/** One hunt for each scenario that is there to find it. */
function apart(hunt: Hunt): Hunt[] {
  return hunt.scenarios.map((scenario) => {
    const name = `${hunt.name}, by ${scenario}`;
    return { ...hunt, name, key: name, scenarios: [scenario] };
  });
}

const ofTable = values.listed ? [] : mutants.filter(isMeant).map(fromTable);
const written = values.each ? ofTable.flatMap(apart) : ofTable;
const generated = values.each ? [] : generateMutants().filter(isMeant);
const isExcused = ({ identity }: Generated): boolean => excuseFor(identity) !== undefined;
const hunted = draw(generated.filter((mutant) => isExcused(mutant) === values.listed));

function countOf(list: readonly Excuse[]): number {
  const isIn = ({ identity }: Generated): boolean => list.includes(excuseFor(identity)!);
  return generated.filter(isIn).length;
}

let caught = 0;
let same = 0;
/** Not hunted to the end: they are neither caught nor survivors. */
let without = 0;
const words: Partial<Record<Catch['verdict'], string>> = {
  survived: 'SURVIVED',
  'not reached': 'NOT REACHED',
  none: 'no verdict',
};
function tell({ name }: Hunt, { verdict, story }: Catch): void {
  if (verdict === 'caught') caught++;
  if (verdict === 'same binary') same++;
  if (verdict === 'none') without++;
  const word = words[verdict] ?? verdict;
  console.log(`${word.padEnd(12)} ${name}${story === '' ? '' : `: ${story}`}`);
}

/** The kernel's files, below kernel/, that are not as in a commit. */
function changedSince(base: string): Set<string> {
  const args = ['diff', '--name-only', '--relative=kernel', base, '--', 'kernel'];
  const folder = new URL('../../', import.meta.url);
  return new Set(execFileSync('git', args, { cwd: folder, encoding: 'utf8' }).split('\n'));
}

const verdicts = new Verdicts();
let all: Hunt[] = [...written, ...hunted.map(fromSource)];
if (values.changed !== undefined) {
  const files = changedSince(values.changed);
  all = all.filter(({ file }) => files.has(file));
}
if (values.continue) {
  verdicts.keepOnly([...mutants.map(fromTable), ...generateMutants().map(fromSource)]);
  const known = all.filter((hunt) => verdicts.verdictOf(hunt) !== undefined);
  const survived = known.filter((hunt) => verdicts.verdictOf(hunt) === 'survived');
  console.log(`${known.length} hunted before`);
  for (const { name } of survived) console.log(`SURVIVED     ${name}, before`);
  all = all.filter((hunt) => !known.includes(hunt));
}

/** Compiles all that fit into one kernel, and leaves out the scenarios that do not reach them. */
async function breed(): Promise<Schemata> {
  const isSurveyed = all.filter((hunt) => hunt.walks.length > 0).length > SURVEY_FROM;
  const isLarge = meant === undefined && !values.there && isSurveyed;
  const every = [...mutants.map(fromTable), ...generateMutants().map(fromSource)];
  const schema = schemaOf(isLarge ? every : all);
  if (values.alone) return {};
  const test = await compileSchema(schema, 'test');
  const hasAsserted = all.some(({ asserted }) => asserted !== undefined);
  const debug = hasAsserted ? { debug: await compileSchema(schema, 'debug') } : {};
  const sights = isLarge ? await survey(test) : new Map();
  const members = new Map([...schema.members].map(([{ name }, member]) => [name, member]));
  for (const hunt of all) {
    const member = members.get(hunt.name);
    const { scenarios, walks } = hunt;
    if (member === undefined) continue;
    const { reached, unknown } = reachOf(scenarios, member, sights, walks.length);
    Object.assign(hunt, { number: member.number, scenarios: reached, rest: unknown });
    hunt.walks = walks.filter((name) => reached.includes(name));
  }
  return { test, ...debug };
}

/** What caught a mutant is tried first on the next of its file. */
function tryFirst(name: string, { file }: Hunt): void {
  for (const hunt of all.filter((one) => one.file === file && one.scenarios.includes(name))) {
    hunt.scenarios = [name, ...hunt.scenarios.filter((other) => other !== name)];
  }
}

function finish(hunt: Hunt, result: Catch): void {
  tell(hunt, result);
  if (result.by !== undefined) tryFirst(result.by, hunt);
  if (values.continue && result.verdict !== 'none') verdicts.record(hunt, result);
}

/** Those that fit into one kernel, one after the other. */
async function huntAllWithUnits(): Promise<void> {
  const schema = schemaOf(all);
  for (const hunt of all) hunt.number = hunt.isSmall ? 0 : (schema.members.get(hunt)?.number ?? 0);
  huntWithUnits(all, await compileWith('debug', schema.files), finish);
}

async function huntAllWithScenarios(): Promise<void> {
  const schemata = await breed();
  for (const hunt of all.filter((one) => !isReached(one))) {
    finish(hunt, { verdict: 'not reached', story: '' });
  }
  await huntAll(all.filter(isReached), numberOption('--jobs', values.jobs), schemata, finish);
}

/** How many scenarios a mutant meets with --there. */
const THERE = 6;

/** Hunts only what makes a difference somewhere, and there. */
async function goThere(): Promise<void> {
  const where = await whereShown(generateMutants());
  for (const hunt of all) {
    hunt.scenarios = (where.get(hunt.name) ?? []).slice(0, THERE).map(([scenario]) => scenario);
    hunt.walks = hunt.scenarios;
  }
  all = all.filter(({ scenarios }) => scenarios.length > 0);
}

/** Where to hunt for what no hunt has caught yet: most often first. */
async function tellWhere(): Promise<void> {
  const where = await whereShown(generateMutants());
  for (const { name } of all.filter((one) => where.has(one.name))) {
    const list = where.get(name)!.map(([scenario, count]) => `${scenario} ${count}`);
    console.log(`${name.replace(/\s+/g, ' ')}: ${list.join(', ') || 'nowhere'}`);
  }
}

const isReached = ({ scenarios, rest }: Hunt): boolean => scenarios.length + rest.length > 0;
async function huntAndTell(): Promise<void> {
  if (values.there) await goThere();
  if (values.units) await huntAllWithUnits();
  else await huntAllWithScenarios();
  const count = all.length - same;
  const outside = `${countOf(unreachable)} not reachable by a scenario`;
  console.log(`${same} of the same binary, ${countOf(equivalents)} equivalent, ${outside}`);
  if (without > 0) console.log(`${without} without a verdict: give them more with --max-seconds`);
  console.log(`${count} mutants, ${caught} caught`);
  const mayBeNone = values.continue || values.changed !== undefined;
  const isGood = values.listed ? caught === 0 : caught === count && (caught > 0 || mayBeNone);
  process.exitCode = isGood ? 0 : 1;
}

if (values.where) await tellWhere();
else await huntAndTell();
