/** Scenarios of calls that were cut when the kernel had answered: nobody knows what they have. */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import type { Body } from '../engine/index.ts';
import type { KernelScenario } from '../kernel-model.ts';
import { makeCache } from './cache.ts';
import { before, begin, expectFree, store } from './leases.ts';

/** Has a lease, or waits for one, and does not know it: it asks, and gives it back. */
const forget: Body = async (thread) => {
  const answer = await begin(thread);
  const at = (await thread.call('nextLease', 0)) as number;
  const grant = thread.callNow('lastGrant') as number;
  // Who waits may find that what it waits for has ended, and been given to nobody.
  assert.equal(at, answer.isMine ? answer.lease : answer.lease | facts.LEASE_TAKEN);
  assert.equal(grant, answer.grant);
  if (answer.isMine) await thread.call('endLease', at, grant, 0);
  else await thread.call('leaveLease', answer.lease, grant);
  assert.equal(await thread.call('nextLease', 0), facts.ERR_NOT_FOUND);
};

/** Computes, if nobody does. */
const compute: Body = async (thread) => {
  const { lease, grant, isMine } = await begin(thread);
  return isMine ? store(thread, lease, grant) : thread.call('leaveLease', lease, grant);
};

export const cutLeaseScenarios: KernelScenario[] = [
  {
    name: 'lease-forgotten',
    rule: 'who does not know what it computes or waits for finds that, and nothing of others',
    module: 'test',
    bound: 1,
    timesOut: true,
    stepLimit: 60_000,
    before,
    prepare: makeCache('k', 'k'),
    threads: [forget, compute],
    check: expectFree('ac'),
  },
];
