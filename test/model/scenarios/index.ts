/** All scenarios. */
import type { KernelScenario } from '../kernel-model.ts';
import { aloneScenarios } from './alone.ts';
import { compactionScenarios } from './compaction.ts';
import { conditionScenarios } from './conditions.ts';
import { countingScenarios } from './counting.ts';
import { countScenarios } from './counts.ts';
import { cutLeaseScenarios } from './cut-leases.ts';
import { entryScenarios } from './entries.ts';
import { folioScenarios } from './folios.ts';
import { forsakenScenarios } from './forsaken.ts';
import { frameScenarios } from './frames.ts';
import { freezeScenarios } from './freeze.ts';
import { handedOverScenarios } from './handed-over.ts';
import { largeScratchScenarios } from './large-scratch.ts';
import { leaseEndScenarios } from './lease-ends.ts';
import { leaseNeighbourScenarios } from './lease-neighbours.ts';
import { leaseRingScenarios } from './lease-rings.ts';
import { leaseScenarios } from './leases.ts';
import { limboScenarios } from './limbo.ts';
import { manyScenarios } from './many.ts';
import { mendScenarios } from './mend.ts';
import { migrationScenarios } from './migration.ts';
import { nearScenarios } from './near.ts';
import { noteScenarios } from './notes.ts';
import { objectDeathScenarios } from './object-deaths.ts';
import { objectScenarios } from './objects.ts';
import { packScenarios } from './pack.ts';
import { pageScenarios } from './pages.ts';
import { poisonScenarios } from './poison.ts';
import { queueDeathScenarios } from './queue-deaths.ts';
import { rcuScenarios } from './rcu.ts';
import { reapScenarios } from './reap.ts';
import { refreshScenarios } from './refreshes.ts';
import { ringScenarios } from './rings.ts';
import { secondLookScenarios } from './second-looks.ts';
import { seldomScenarios } from './seldom.ts';
import { shortScenarios } from './short.ts';
import { slabScenarios } from './slab.ts';
import { spaceScenarios } from './spaces.ts';
import { storeScenarios } from './store.ts';
import { storeDeathScenarios } from './store-deaths.ts';
import { tagScenarios } from './tags.ts';
import { threadScenarios } from './threads.ts';
import { togetherScenarios } from './together.ts';
import { turnScenarios } from './turns.ts';
import { unwoundScenarios } from './unwound.ts';
import { withdrawScenarios } from './withdraw.ts';
import { wrapScenarios } from './wraps.ts';

/** Those of which the numbers of kernel/base/geometry.ts have a part: small.test.ts. */
export const cacheScenarios: KernelScenario[] = [
  ...storeScenarios,
  ...packScenarios,
  ...queueDeathScenarios,
  ...storeDeathScenarios,
  ...ringScenarios,
  ...shortScenarios,
  ...conditionScenarios,
  ...countingScenarios,
  ...countScenarios,
  ...tagScenarios,
  ...largeScratchScenarios,
  ...secondLookScenarios,
  ...seldomScenarios,
  ...entryScenarios,
  ...manyScenarios,
  ...spaceScenarios,
  ...nearScenarios,
  ...noteScenarios,
  ...leaseScenarios,
  ...leaseEndScenarios,
  ...leaseNeighbourScenarios,
  ...leaseRingScenarios,
  ...aloneScenarios,
  ...cutLeaseScenarios,
  ...refreshScenarios,
  ...limboScenarios,
  ...togetherScenarios,
  ...turnScenarios,
  ...wrapScenarios,
];

export const scenarios: KernelScenario[] = [
  ...pageScenarios,
  ...frameScenarios,
  ...slabScenarios,
  ...freezeScenarios,
  ...folioScenarios,
  ...threadScenarios,
  ...compactionScenarios,
  ...migrationScenarios,
  ...poisonScenarios,
  ...objectScenarios,
  ...objectDeathScenarios,
  ...withdrawScenarios,
  ...rcuScenarios,
  ...mendScenarios,
  ...reapScenarios,
  ...forsakenScenarios,
  ...handedOverScenarios,
  ...unwoundScenarios,
  ...cacheScenarios,
];
