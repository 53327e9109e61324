/** The thread that searches for search-apart.ts: an order in, its report out. */
import { parentPort } from 'node:worker_threads';
import { loadDebug, loadKernel, loadTwoWord, runScenario } from './kernel-model.ts';
import { scenarios } from './scenarios/index.ts';
import type { Order } from './search-apart.ts';

const kernels = { release: loadKernel, 'two-word': loadTwoWord, debug: loadDebug };
const byName = new Map(scenarios.map((scenario) => [scenario.name, scenario]));

parentPort!.on('message', async ({ name, build, isPatient, options }: Order) => {
  const scenario = byName.get(name);
  if (scenario === undefined) throw new Error(`scenarios/index.ts has no ${name}`);
  const searched = isPatient ? { ...scenario, timesOut: true } : scenario;
  parentPort!.postMessage(await runScenario(kernels[build], searched, options));
});
