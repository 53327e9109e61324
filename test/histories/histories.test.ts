/** Histories, short: of a cache with room, of one without, of few keys, and of some that lie. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeEvidence } from './evidence.ts';
import { FAULTS, TIMED_FAULTS } from './faults.ts';
import { histories, type Plan, type Report } from './histories.ts';

/** Those of a cache that does not lie. */
async function linearizable(plan: Plan, tell: (figures: string) => void): Promise<Report> {
  const report = await histories(plan);
  const { violation, before, evidence, ...figures } = report;
  tell(JSON.stringify(figures));
  const kept = evidence && writeEvidence(evidence);
  assert.equal(violation, undefined, JSON.stringify({ violation, before, kept }));
  assert.ok(figures.operations >= plan.operations);
  assert.ok(plan.hasKills === false || figures.kills >= 5);
  if (!plan.isEvicting) assert.equal(figures.evictions, 0);
  return report;
}

const plans: Record<string, Plan> = {
  'killed threads and all: every key of a cache with room': { operations: 6000 },
  'every load without a lease': { operations: 6000, areLeasesTaken: true },
  'values that expire': { operations: 6000, isTimed: true },
  'eight threads at one counter': { operations: 4000, keys: [0], workers: 8 },
  'eight threads at one value': { operations: 4000, keys: [8], workers: 8, hasKills: false },
  'eight threads at two keys': { operations: 4000, keys: [0, 16], workers: 8 },
  'eight threads at eight keys': {
    operations: 4000,
    keys: [0, 1, 2, 8, 9, 10, 16, 17],
    workers: 8,
    hasKills: false,
  },
};

for (const [name, plan] of Object.entries(plans)) {
  test(`linearizable: ${name}`, async (context) => {
    await linearizable(plan, (figures) => context.diagnostic(figures));
  });
}

for (const isTimed of [false, true]) {
  test(`short of memory as well, ${isTimed ? 'with' : 'without'} time`, async (context) => {
    const plan = { operations: 6000, isEvicting: true, isTimed };
    const { evictions } = await linearizable(plan, (figures) => context.diagnostic(figures));
    assert.ok(evictions > 0);
  });
}

for (const fault of FAULTS) {
  test(`a cache that lies is found out: ${fault}`, async () => {
    const isTimed = TIMED_FAULTS.includes(fault);
    for (let tries = 0; tries < 10; tries++) {
      const areLeasesTaken = fault === 'unkept-load';
      const plan = { operations: 4000, hasKills: false, fault, isTimed, areLeasesTaken };
      const { violation } = await histories(plan);
      if (violation !== undefined) return;
    }
    assert.fail('nothing was found in ten histories');
  });
}
