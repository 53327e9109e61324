/** What search-apart.ts calls on the thread apart: an order in, its report out. */
import type { Report } from './engine/index.ts';
import { loadDebug, loadKernel, loadSmall, loadTwoWord, runScenario } from './kernel-model.ts';
import { scenarios } from './scenarios/index.ts';
import type { Order } from './search-apart.ts';

const kernels = {
  release: loadKernel,
  'two-word': loadTwoWord,
  debug: loadDebug,
  small: loadSmall,
};
const byName = new Map(scenarios.map((scenario) => [scenario.name, scenario]));

export function search({ name, build, isPatient, options }: Order): Promise<Report> {
  const scenario = byName.get(name);
  if (scenario === undefined) throw new Error(`scenarios/index.ts has no ${name}`);
  const searched = isPatient ? { ...scenario, timesOut: true } : scenario;
  return runScenario(kernels[build], searched, options);
}
