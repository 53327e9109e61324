/**
 * Where each generated mutant can show: one kernel in which what they change is marked, unchanged.
 *
 * A survey (survey.ts) says which scenarios enter a function. Most of them do there what the line
 * in question is not for. So here each kind of change tells when it would make a difference:
 *
 *   plain, torn  the access is a function of its own, `mark_12`, by which the race detector tells
 *                that nothing but atomicity orders it and an access of another thread (onNear)
 *   recheck      the comparison came out otherwise than the mutant takes for granted
 *   drop, swap   the statement was executed: no more is known
 *
 * What makes a difference in no scenario needs one, or an excuse. The kernel is compiled without
 * optimisation, so that marks stay functions; nothing is judged in it.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { posix } from 'node:path';
import {
  type Instrumented,
  instrument,
  RaceDetector,
  type Scenario,
  type Site,
} from '../engine/index.ts';
import { type KernelScenario, runScenario } from '../kernel-model.ts';
import { scenarios } from '../scenarios/index.ts';
import { compileWith, type Files } from './compile.ts';
import type { Change, Generated } from './generate.ts';
import { kernelSources } from './sources.ts';

const kept = new URL('../../../build/marks.json', import.meta.url);

/** For a scenario and each of two ways to search it, of processor time. */
const MAX_SECONDS = 0.3;

/** Parameters, and the atomic instruction that a call with them is. */
const ACCESSES: Record<string, [string[], string]> = {
  load: [[], 'load'],
  store: [['value'], 'store'],
  cas: [['expected', 'desired'], 'cmpxchg'],
  swap: [['value'], 'xchg'],
  add: [['value'], 'add'],
  or: [['value'], 'or'],
  and: [['value'], 'and'],
};

/** A function that is the access `callee`, for one mutant. */
function accessMark(number: number, callee: string): string {
  const type = callee.endsWith('Word') ? 'u32' : 'u64';
  const [values, instruction] = ACCESSES[callee.replace(/Word|Cell/, '')]!;
  const list = ['at: usize', ...values.map((name) => `${name}: ${type}`)].join(', ');
  const call = `atomic.${instruction}<${type}>(${['at', ...values].join(', ')})`;
  return instruction === 'store'
    ? `function mark_${number}(${list}): void {\n  ${call};\n}`
    : `function mark_${number}(${list}): ${type} {\n  return ${call};\n}`;
}

/** Text that stands in for what is between two positions; of equal ones the first comes first. */
interface Edit {
  at: number;
  end: number;
  text: string;
}

function editsOf(number: number, { kind, start, end, replacement }: Change): Edit[] {
  if (kind === 'plain' || kind === 'torn') return [{ at: start, end, text: `mark_${number}` }];
  if (kind === 'recheck') {
    const granted = !/(^|&& )false\)?$/.test(replacement);
    const close = { at: end, end, text: `, ${granted})` };
    return [{ at: start, end: start, text: `compared(${number}, ` }, close];
  }
  const hasBlock = kind === 'drop';
  const open = { at: start, end: start, text: `${hasBlock ? '{' : ''} reached(${number}); ` };
  return hasBlock ? [open, { at: end, end, text: ' }' }] : [open];
}

/** A file with marks; mutants by their number. */
export function marked(source: string, mutants: readonly [number, Generated][]): string {
  const edits = mutants.flatMap(([number, { change }]) => editsOf(number, change));
  // From the end, so that positions stay; what opens at one place stands outside what replaces it.
  edits.sort((a, b) => b.at - a.at || b.end - a.end);
  let text = source;
  for (const { at, end, text: by } of edits) text = text.slice(0, at) + by + text.slice(end);
  const accesses = mutants
    .filter(([, { kind }]) => kind === 'plain' || kind === 'torn')
    .map(([number, { change }]) => accessMark(number, source.slice(change.start, change.end)));
  return `${text.replaceAll('@inline', '')}\n${accesses.join('\n')}\n`;
}

const TOLD = `
@external('mutant', 'reached')
export declare function reached(number: i32): void;
export function compared(number: i32, is: bool, granted: bool): bool {
  if (is != granted) reached(number);
  return is;
}
`;

function filesWith(mutants: readonly Generated[]): Files {
  const files = new Map<string, string>([['base/mutant.ts', TOLD]]);
  for (const file of new Set(mutants.map((one) => one.file))) {
    const own = [...mutants.entries()].filter(([, one]) => one.file === file);
    const from = posix.relative(posix.dirname(file), 'base/mutant');
    const path = from.startsWith('.') ? from : `./${from}`;
    const imports = `import { compared, reached } from '${path}';\n`;
    files.set(file, imports + marked(kernelSources().get(file)!, own));
  }
  return files;
}

export async function compileMarks(mutants: readonly Generated[]): Promise<Instrumented> {
  return instrument(await compileWith('test', filesWith(mutants), '-O0'));
}

/** How often each mutant would have made a difference, by its number. */
type Differences = Record<number, number>;

/** What would make a difference in a scenario, searched and walked for a while. */
export async function differencesIn(
  kernel: Instrumented,
  scenario: KernelScenario,
): Promise<Differences> {
  const counts: Differences = {};
  const count = (number: number): void => {
    counts[number] = (counts[number] ?? 0) + 1;
  };
  const onNear = (...sites: Site[]): void => {
    for (const { functionName } of sites) {
      const [, number] = /\/mark_(\d+)$/.exec(functionName) ?? [];
      if (number !== undefined) count(Number(number));
    }
  };
  const observer = new RaceDetector({ onNear, onRace: () => true });
  const imports: Scenario['imports'] = () => ({ mutant: { reached: count } });
  const limits = { imports, observer, isLax: true, maxSeconds: MAX_SECONDS };
  for (const mode of ['bounded', 'pct'] as const) {
    await runScenario(() => kernel, scenario, { ...limits, mode, seed: 1 });
  }
  return counts;
}

/**
 * Looks at all scenarios, in minutes, and tells of each mutant in which it would make a difference.
 * What was seen is kept in build/ for as long as the marks and this file are the same.
 */
export async function whereShown(
  mutants: readonly Generated[],
): Promise<Map<string, [string, number][]>> {
  const kernel = await compileMarks(mutants);
  const hash = createHash('sha256').update(kernel.bytes);
  const key = hash.update(readFileSync(new URL(import.meta.url))).digest('hex');
  const before = existsSync(kept) ? JSON.parse(readFileSync(kept, 'utf8')) : {};
  const seen: Record<string, Differences> = before.key === key ? before.seen : {};
  for (const scenario of scenarios) {
    seen[scenario.name] ??= await differencesIn(kernel, scenario);
    writeFileSync(kept, JSON.stringify({ key, seen }));
  }
  return new Map(
    mutants.map(({ name }, number) => {
      const counts = Object.entries(seen).map(([scenario, differences]): [string, number] => {
        return [scenario, differences[number] ?? 0];
      });
      return [name, counts.filter(([, n]) => n > 0).toSorted(([, a], [, b]) => b - a)];
    }),
  );
}
