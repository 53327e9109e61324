/** Figures of this thread's part in the second tier, as metrics. */
import type { TierStats } from '../../tier/interface.ts';

/** Name, help and figure. */
type TierMetric = [name: string, help: string, value: number];

export function tierMetrics(tier: TierStats): TierMetric[] {
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
