/**
 * Refusals, short: every way to fill a cache, with and without kills. How long a thread is off its
 * CPU, which may stall others, is told and not judged.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WAYS } from './refusal-ways.ts';
import { refusals } from './refusals.ts';

const small = { mib: 4, threads: 3, seconds: 0.3 };

for (const way of WAYS) {
  for (const [what, plan] of [
    ['by three that are killed', { share: 8, longest: false, kill: true }],
    ['by three, of up to half of it', { share: 2, longest: false, kill: false }],
  ] as const) {
    test(`no memory is wanting for what fits, ${way} ${what}`, async (context) => {
      const outcome = await refusals({ way, ...small, ...plan });
      context.diagnostic(JSON.stringify(outcome));
      assert.equal(outcome['no-memory'], 0);
      assert.equal(outcome.unloaded, 0);
      assert.ok(outcome.sets > 0);
    });
  }
}
