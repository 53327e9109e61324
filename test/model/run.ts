/**
 * Runs scenarios by name: `npm run model -- [NAME…] [OPTION…]`; without a name all are run.
 *
 *   (nothing)               every schedule within the scenario's bound of preemptions
 *   --bound N               the same with another bound
 *   --deep                  every schedule within two preemptions, where the scenario's own bound
 *                           is less; then every schedule by partial-order reduction; then, where
 *                           the time was not enough for that, PCT
 *   --mode M                one of bounded, depth-first, dpor, pct, uniform, random
 *   --seed S                seed of a random mode; alone it means --mode random
 *   --max-seconds N         time for a scenario and a mode; with --deep 120 s for two preemptions,
 *                           20 for dpor, 10 for PCT
 *   --replay SCHEDULE       the one execution that a failure printed
 *   --layout two-word       the kernel in its other layout, lax: the rules know the words of the
 *                           first
 *   --layout small          in its smallest geometry, of the cache's scenarios
 *   --lax                   leaves the rules of memory out (kernel-model.ts)
 *   --json                  a line of JSON for each run
 */
import { parseArgs } from 'node:util';
import { numberOption } from '../support/number-option.ts';
import type { Mode, Report, Scenario } from './engine/index.ts';
import {
  type KernelScenario,
  type Kernels,
  loadKernel,
  loadSmall,
  loadTwoWord,
  runScenario,
} from './kernel-model.ts';
import { cacheScenarios, scenarios } from './scenarios/index.ts';

type Options = Partial<Scenario> & { isLax: boolean };

/** Budgets of `--deep`, of which most scenarios need a fraction. */
const DEEP_BOUND = 2;
const BOUND_SECONDS = 120;
const DPOR_SECONDS = 20;
const PCT_SECONDS = 10;

const modes: readonly string[] = ['bounded', 'depth-first', 'dpor', 'pct', 'uniform', 'random'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    bound: { type: 'string' },
    deep: { type: 'boolean' },
    mode: { type: 'string' },
    seed: { type: 'string' },
    'max-seconds': { type: 'string' },
    replay: { type: 'string' },
    layout: { type: 'string', default: 'one-word' },
    lax: { type: 'boolean' },
    json: { type: 'boolean' },
  },
});

function misuse(message: string, known: readonly string[]): never {
  console.error(`${message}; there are:`);
  for (const name of known) console.error(`  ${name}`);
  process.exit(2);
}

function readOptions(): Options {
  const options: Options = { isLax: values.lax ?? values.layout === 'two-word' };
  if (values.bound !== undefined) options.bound = numberOption('--bound', values.bound);
  const { seed, 'max-seconds': seconds } = values;
  if (seconds !== undefined) options.maxSeconds = numberOption('--max-seconds', seconds);
  if (seed !== undefined) {
    Object.assign(options, { mode: 'random', seed: numberOption('--seed', seed) });
  }
  if (values.mode !== undefined) options.mode = values.mode as Mode;
  if (values.replay !== undefined) {
    Object.assign(options, { mode: 'replay', schedule: values.replay });
  }
  return options;
}

/** What is known after a run: whether all was seen, and if not, how far it got. */
function extentOf(
  { complete }: Report,
  { mode = 'bounded', seed = 1, maxSeconds }: Options,
): string {
  if (complete) return 'complete';
  if (mode === 'replay') return 'replayed';
  const budget = maxSeconds === undefined ? '' : `, budget ${maxSeconds} s`;
  return (
    (mode === 'bounded' || mode === 'depth-first' || mode === 'dpor'
      ? 'incomplete'
      : `seed ${seed}`) + budget
  );
}

async function runOne(scenario: KernelScenario, options: Options): Promise<Report> {
  const report = await runScenario(kernels, scenario, options);
  const { executions, cut, steps, seconds, failure } = report;
  const { name, rule } = scenario;
  const mode = String(options.mode ?? 'bounded');
  if (failure) process.exitCode = 1;
  if (values.json) {
    console.log(JSON.stringify({ name, rule, mode, ...report }));
    return report;
  }
  const result = failure ? 'FAILED' : 'passed';
  const runs = `${executions} executions${cut > 0 ? ` and ${cut} cut` : ''}`;
  const extent = failure ? '' : `, ${extentOf(report, options)}`;
  const rate = `${runs}, ${steps} steps, ${seconds.toFixed(1)} s${extent}`;
  console.log(`${result}  ${name.padEnd(30)} ${mode.padEnd(12)} ${rate}\n        ${rule}`);
  if (failure) console.log(`${failure.message}\nreplay: ${failure.schedule}\n${failure.trace}`);
  return report;
}

async function runDeep(scenario: KernelScenario, options: Options): Promise<void> {
  if (scenario.bound < DEEP_BOUND) {
    await runOne(scenario, { maxSeconds: BOUND_SECONDS, bound: DEEP_BOUND, ...options });
  }
  const { complete, failure } = await runOne(scenario, {
    maxSeconds: DPOR_SECONDS,
    ...options,
    mode: 'dpor',
  });
  if (complete || failure) return;
  await runOne(scenario, { maxSeconds: PCT_SECONDS, ...options, mode: 'pct' });
}

const names = scenarios.map(({ name }) => name);
const unknown = positionals.find((name) => !names.includes(name));
if (unknown !== undefined) misuse(`No scenario is called ${unknown}`, names);
if (values.mode !== undefined && !modes.includes(values.mode)) {
  misuse(`No mode is called ${values.mode}`, modes);
}

const layouts: Record<string, Kernels> = {
  'one-word': loadKernel,
  'two-word': loadTwoWord,
  small: loadSmall,
};
const kernels =
  layouts[values.layout] ?? misuse(`No layout is called ${values.layout}`, Object.keys(layouts));
const options = readOptions();
for (const scenario of values.layout === 'small' ? cacheScenarios : scenarios) {
  if (positionals.length > 0 && !positionals.includes(scenario.name)) continue;
  if (values.deep) await runDeep(scenario, options);
  else await runOne(scenario, options);
}
