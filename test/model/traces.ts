/**
 * Writes into docs/design/the-thread-traces.md what happens when a rule is left out: `node
 * test/model/traces.ts [NAME…]`; without a name all of them, which takes a minute.
 *
 * For each mutant, or scenario of the lab that is there to fail, named in the document, between
 *
 *   <!-- trace: NAME [· words: PATTERN] -->   and   <!-- end -->
 *
 * the kernel is compiled with the change, its scenarios are searched with no preemption, then one,
 * and so on, and the first failure is written down: the fewest preemptions, so about the shortest.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { type Failure, type Instrumented, instrument } from './engine/index.ts';
import { type Kernels, runScenario } from './kernel-model.ts';
import { type LabScenario, labScenarios, runLab } from './lab-model.ts';
import { mutated } from './mutants/apply.ts';
import { compileWith } from './mutants/compile.ts';
import type { Mutant } from './mutants/mutant.ts';
import { mutants } from './mutants/table.ts';
import { scenarios } from './scenarios/index.ts';
import { retell } from './traces/retell.ts';
import { documentUrl, type Section, sectionsOf } from './traces/sections.ts';

const MOST_PREEMPTIONS = 3;

interface Found {
  scenario: string;
  failure: Failure;
}

/** What the kernel does wrong is looked for first; then what only the rules of memory forbid. */
async function shortestFailure(mutant: Mutant): Promise<Found> {
  const { file, source } = mutated(mutant);
  const names = mutant.scenarios.map((name) => scenarios.find((one) => one.name === name)!);
  const builds = new Map<string, Instrumented>();
  for (const { module = 'release' } of names) {
    builds.set(module, instrument(await compileWith(module, new Map([[file, source]]))));
  }
  for (const isLax of [true, false]) {
    for (let bound = 0; bound <= MOST_PREEMPTIONS; bound++) {
      for (const scenario of names) {
        const kernels: Kernels = (build) => builds.get(build)!;
        const { failure } = await runScenario(kernels, scenario, { bound, isLax });
        if (failure !== undefined) return { scenario: scenario.name, failure };
      }
    }
  }
  throw new Error(`${mutant.name}: no failure within ${MOST_PREEMPTIONS} preemptions`);
}

async function tell({ name, words }: Section): Promise<string> {
  const lab = labScenarios.find((scenario) => scenario.name === name);
  if (lab !== undefined) return tellLab(lab, words);
  const mutant = mutants.find((candidate) => candidate.name === name);
  if (mutant === undefined) throw new Error(`no mutant is called ${name}`);
  const { scenario, failure } = await shortestFailure(mutant);
  console.log(`${name}: ${scenario}`);
  const edits = mutant.edits.map(([find, replace]) => diff(find, replace)).join('\n');
  return [
    `\`kernel/${mutated(mutant).file}\`, scenario \`${scenario}\`:`,
    ['```diff', edits, '```'].join('\n'),
    ['```', ...retell(failure.trace, words), '```'].join('\n'),
    `${outcome(failure)}.`,
  ].join('\n\n');
}

async function tellLab(scenario: LabScenario, words: RegExp | undefined): Promise<string> {
  for (let bound = 0; bound <= MOST_PREEMPTIONS; bound++) {
    const { failure } = await runLab(scenario, { bound });
    if (failure === undefined) continue;
    console.log(`${scenario.name}: in the lab`);
    return [
      `Scenario \`${scenario.name}\` of the lab: ${scenario.rule}.`,
      ['```', ...retell(failure.trace, words), '```'].join('\n'),
      `${outcome(failure)}.`,
    ].join('\n\n');
  }
  throw new Error(`${scenario.name}: no failure within ${MOST_PREEMPTIONS} preemptions`);
}

function diff(find: string, replace: string): string {
  const lines = (sign: string, text: string): string[] =>
    text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => `${sign} ${line.trim()}`);
  return [...lines('-', find), ...lines('+', replace)].join('\n');
}

function outcome({ kind, message }: Failure): string {
  if (kind === 'trap') return 'The kernel finds a contradiction and stops itself';
  const [first = ''] = message.split('\n');
  return `The checker: *${kind}: ${first.replace(/\.$/, '')}*`;
}

const only = process.argv.slice(2);
let text = readFileSync(documentUrl, 'utf8');
for (const section of sectionsOf(text)) {
  if (only.length > 0 && !only.includes(section.name)) continue;
  const told = await tell(section);
  text = text.replace(section.whole, () => `${section.head}\n${told}\n${section.end}`);
}
writeFileSync(documentUrl, text);
