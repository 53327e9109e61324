/**
 * Runs scenarios by name: `npm run model -- [NAME…] [--bound N] [--seed S] [--replay SCHEDULE]`.
 *
 * Without a name all are run. `--seed` walks at random instead of searching; `--replay` repeats the
 * one execution that a failure printed.
 */
import { parseArgs } from 'node:util';
import type { Scenario } from './engine/index.ts';
import { loadKernel, runScenario } from './kernel-model.ts';
import { scenarios } from './scenarios/index.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    bound: { type: 'string' },
    seed: { type: 'string' },
    replay: { type: 'string' },
    json: { type: 'boolean' },
  },
});

const unknown = positionals.find((name) => !scenarios.some((scenario) => scenario.name === name));
if (unknown !== undefined) {
  console.error(`No scenario is called ${unknown}; there are:`);
  for (const { name } of scenarios) console.error(`  ${name}`);
  process.exit(2);
}

const options: Partial<Scenario> = {};
if (values.bound !== undefined) options.bound = Number(values.bound);
if (values.seed !== undefined)
  Object.assign(options, { mode: 'random', seed: Number(values.seed) });
if (values.replay !== undefined)
  Object.assign(options, { mode: 'replay', schedule: values.replay });

const kernel = loadKernel();
for (const scenario of scenarios) {
  if (positionals.length > 0 && !positionals.includes(scenario.name)) continue;
  const { executions, steps, seconds, failure } = await runScenario(kernel, scenario, options);
  const figures = { name: scenario.name, executions, steps, seconds, failure };
  if (values.json) console.log(JSON.stringify(figures));
  else {
    const result = failure ? 'FAILED' : 'passed';
    const rate = `${executions} executions, ${steps} steps, ${seconds.toFixed(1)} s`;
    console.log(`${result}  ${scenario.name.padEnd(32)} ${rate}`);
    if (failure) console.log(`${failure.message}\nreplay: ${failure.schedule}\n${failure.trace}`);
  }
  if (failure) process.exitCode = 1;
}
