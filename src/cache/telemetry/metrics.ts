/**
 * Figures of a cache in Prometheus' text format, version 0.0.4: for each a line of help, one of its
 * type, and a sample with the caller's labels.
 */
import type { Arena } from '../../arena/arena.ts';
import { checkObject } from '../../border/arguments.ts';
import { InvalidArgumentError } from '../../errors.ts';
import * as facts from '../../generated/facts.ts';
import { readNames } from '../options/names.ts';
import type { CacheStats } from './statistics.ts';
import { tierMetrics } from './tier-metrics.ts';

const NAMESPACE = 'namespace';

type Samples = number | Record<string, number>;
/** Name without `pageless_`, help, what `reason` tells samples apart, figures. */
type Metric = [name: string, help: string, samples: Samples, label?: string];

/** Those that end in `_total` are counters, the others gauges. */
function metricsOf(stats: CacheStats, maxBytes: number): Metric[] {
  return [
    ['max_bytes', 'Bytes at most', maxBytes],
    ['entries', 'Entries', stats.entries],
    ['key_bytes', 'Bytes of keys', stats.keyBytes],
    ['value_bytes', 'Bytes of values', stats.valueBytes],
    ['stored_bytes', 'Bytes stored', stats.storedBytes],
    ['hits_total', 'Reads with a value', stats.hits],
    ['misses_total', 'Reads without', stats.misses],
    ['sets_total', 'Values set', stats.sets],
    ['deletes_total', 'Entries deleted', stats.deletes],
    ['refusals_total', 'Values refused', stats.refusalsByReason, 'reason'],
    ['evictions_total', 'Entries evicted', stats.evictions],
    ['expirations_total', 'Entries expired', stats.expirations],
    ['in_bytes_total', 'Bytes set', stats.bytesIn],
    ['out_bytes_total', 'Bytes read', stats.bytesOut],
    ['limbo_waits_total', 'Waits of writers for readers', stats.limboWaits],
    ['loads_total', 'Outcomes of getOrSet', { ...stats.loads }, 'outcome'],
    ['threads', 'Threads attached', stats.threads],
    ['supervised', 'Whether deaths are noticed', stats.isSupervised ? 1 : 0],
    ...(stats.tier ? tierMetrics(stats.tier) : []),
  ];
}

/** Of namespaces, whichever thread has opened them. */
function namespaceMetrics(arena: Arena): Metric[] {
  const names = readNames(arena);
  if (names.length === 0) return [];
  const totals = (which: number) =>
    Object.fromEntries(names.map(({ name }, i) => [name, arena.kernel.spaceTotal(i + 1, which)]));
  return [
    ['namespace_entries', 'Entries of namespaces', totals(facts.TOTAL_ENTRIES), NAMESPACE],
    [
      'namespace_stored_bytes',
      'Bytes stored of namespaces',
      totals(facts.TOTAL_STORED_BYTES),
      NAMESPACE,
    ],
  ];
}

export function metricsText(stats: CacheStats, arena: Arena, labels: object): string {
  const own = labelsOf(labels);
  let text = '';
  for (const [name, help, samples, label] of [
    ...metricsOf(stats, arena.size),
    ...namespaceMetrics(arena),
  ]) {
    const full = `pageless_${name}`;
    const type = name.endsWith('_total') ? 'counter' : 'gauge';
    text += `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n`;
    const rows = typeof samples === 'number' ? { '': samples } : samples;
    for (const [value, sample] of Object.entries(rows)) {
      const all = label === undefined ? own : [...own, labelled(label, value)];
      text += `${full}${all.length > 0 ? `{${all.join(',')}}` : ''} ${sample}\n`;
    }
  }
  return text;
}

/** Throws `InvalidArgumentError`. */
function labelsOf(labels: object): string[] {
  const expected =
    'an object of well-formed texts by names of letters, digits and _, ' +
    'other than namespace, reason and outcome';
  return Object.entries(checkObject('labels', labels, expected)).map(([name, value]) => {
    const isName =
      /^(?!__)[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !/^(reason|outcome|namespace)$/.test(name);
    if (!isName || typeof value !== 'string' || !value.isWellFormed()) {
      throw new InvalidArgumentError('labels', expected, isName ? value : name);
    }
    return labelled(name, value);
  });
}

/** `name="value"`, escaped. */
function labelled(name: string, value: string): string {
  const escaped = value.replace(/[\\"\n]/g, (one) => `\\${one === '\n' ? 'n' : one}`);
  return `${name}="${escaped}"`;
}
