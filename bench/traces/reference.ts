/**
 * What other policies make of the traces of a folder: its reference-hit-rates.tsv, if it has one.
 *
 * Columns `trace`, `size` (slots of uniform size) and `req`, then one a policy: hits in percent. A
 * trace is called as its file, after the name of a collection perhaps: lirs-gli is gli.trace.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Trace } from './read.ts';

export interface Reference {
  trace: string;
  slots: number;
  /** Hits in percent, by policy. */
  rates: Record<string, number>;
}

/** The rows of the folder's table; none without one. */
export function readReference(folder: string): Reference[] {
  const file = join(folder, 'reference-hit-rates.tsv');
  if (!existsSync(file)) return [];
  const [head = '', ...lines] = readFileSync(file, 'utf8').trim().split('\n');
  const [, , , ...policies] = head.split('\t');
  return lines.map((line) => {
    const [trace = '', slots, , ...rates] = line.split('\t');
    const named = policies.map((policy, i) => [policy, Number(rates[i])] as const);
    return { trace, slots: Number(slots), rates: Object.fromEntries(named) };
  });
}

export const isTraceOf = (reference: Reference, { name }: Trace): boolean =>
  reference.trace === name || reference.trace.endsWith(`-${name}`);

/** Sizes for a trace that no table names: a hundredth, a tenth and half of its keys. */
export function defaultSizes({ keys }: Trace): number[] {
  return [0.01, 0.1, 0.5].map((share) => Math.max(1, Math.round(keys * share)));
}
