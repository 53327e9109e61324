/**
 * Figures of a cache in Prometheus' text format, version 0.0.4: for each a line of help, one of its
 * type, and a sample with the caller's labels.
 */
import { checkObject } from '../../border/arguments.ts';
import { InvalidArgumentError } from '../../errors.ts';
import type { TierStats } from '../../tier/interface.ts';
import type { CacheStats } from './statistics.ts';

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

/** Of this thread's part in the second tier. */
function tierMetrics(tier: TierStats): Metric[] {
  const isUsable = tier.breaker === 'closed' && tier.channel !== 'lost';
  return [
    ['tier_usable', 'Whether the tier answers and tells of changes', isUsable ? 1 : 0],
    ['tier_gets_total', 'Keys asked for', tier.gets],
    ['tier_hits_total', 'Keys found', tier.hits],
    ['tier_sets_total', 'Keys written', tier.sets],
    ['tier_deletes_total', 'Keys removed', tier.deletes],
    ['tier_dropped_total', 'Writes without room in the queue', tier.dropped],
    ['tier_refusals_total', 'Writes without room in the tier', tier.refusals],
    ['tier_errors_total', 'Calls that failed', tier.errors],
    ['tier_queue_entries', 'Writes that wait', tier.queue.entries],
    ['tier_queue_bytes', 'Bytes of writes that wait', tier.queue.bytes],
  ];
}

export function metricsText(stats: CacheStats, maxBytes: number, labels: object): string {
  const own = labelsOf(labels);
  let text = '';
  for (const [name, help, samples, label] of metricsOf(stats, maxBytes)) {
    const full = `pageless_${name}`;
    const type = name.endsWith('_total') ? 'counter' : 'gauge';
    text += `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n`;
    const rows = typeof samples === 'number' ? { '': samples } : samples;
    for (const [value, sample] of Object.entries(rows)) {
      const all = label === undefined ? own : [...own, `${label}="${value}"`];
      text += `${full}${all.length > 0 ? `{${all.join(',')}}` : ''} ${sample}\n`;
    }
  }
  return text;
}

/** `name="value"`, escaped. Throws `InvalidArgumentError`. */
function labelsOf(labels: object): string[] {
  const expected = 'an object of well-formed texts by names of letters, digits and _';
  return Object.entries(checkObject('labels', labels, expected)).map(([name, value]) => {
    const isName = /^(?!__)[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !/^(reason|outcome)$/.test(name);
    if (!isName || typeof value !== 'string' || !value.isWellFormed()) {
      throw new InvalidArgumentError('labels', expected, isName ? value : name);
    }
    return `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
  });
}
