/**
 * Row `hit-ratio` of suite `cache`: what the kernel's own eviction makes of recorded traces.
 *
 * Over each trace and size of the folder's reference table, beside what the table says of other
 * policies; of a trace that no table names, at sizes of its own. `hit-ratio` is the mean of all
 * rows of the table, `hit-ratio-TRACE` that of a trace. The traces are not part of this repository.
 */
import { isWanted } from '../cache/fleet.ts';
import type { Result, Suite } from '../suite.ts';
import { readTrace, type Trace, traceFiles } from './read.ts';
import { defaultSizes, isTraceOf, type Reference, readReference } from './reference.ts';
import { hitRatio } from './replay.ts';

const UNIT = '% hits';
const POLICIES = ['fifo', 'lru', 's3fifo', 'lirs'];

const mean = (values: number[]): number => values.reduce((sum, one) => sum + one) / values.length;

/** Ours, and beside it what the table says of policies that hit at all, both as means. */
function besidePolicies(name: string, ours: number[], table: Reference[]): Result[] {
  const value = mean(ours);
  const own = { name, value, unit: UNIT };
  const beside = POLICIES.map(
    (policy) => [policy, mean(table.map(({ rates }) => rates[policy] ?? 0))] as const,
  )
    .filter(([, rate]) => rate > 0)
    .map(([policy, rate]) => ({
      ...own,
      peer: `${policy} ${rate.toFixed(1)}`,
      ratio: value / rate,
    }));
  return beside.length > 0 ? beside : [own];
}

function alone(trace: Trace): Result[] {
  return defaultSizes(trace).map((slots) => {
    return { name: `hit-ratio-${trace.name}-${slots}`, value: hitRatio(trace, slots), unit: UNIT };
  });
}

/** The rows of a folder. */
export function hitRatiosOf(folder: string): Result[] {
  const table = readReference(folder);
  const results: Result[] = [];
  const ours: number[] = [];
  const compared: Reference[] = [];
  for (const trace of traceFiles(folder).map(readTrace)) {
    const rows = table.filter((reference) => isTraceOf(reference, trace));
    const rates = rows.map(({ slots }) => hitRatio(trace, slots));
    if (rows.length === 0) results.push(...alone(trace));
    else results.push(...besidePolicies(`hit-ratio-${trace.name}`, rates, rows));
    ours.push(...rates);
    compared.push(...rows);
  }
  if (compared.length > 0) results.push(...besidePolicies('hit-ratio', ours, compared));
  return results;
}

export const hitRatios: Suite = async (options) => {
  if (!isWanted(options, 'hit-ratio')) return [];
  if (options.traces !== undefined) return hitRatiosOf(options.traces);
  options.leaveOut('hit-ratio', 'a folder of traces, by --traces');
  return [];
};
