/**
 * Contexts: what functions ask of their callers is so in every kind of call, and in every repair.
 *
 * The debug build asserts it (kernel/thread/context.ts), and this runs the scenarios on that
 * build: the first schedules with one preemption; where somebody dies, deaths drawn at random. The
 * rules of memory are left out: they are proven on the build that ships, and filling pages breaks
 * them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scenarios } from './scenarios/index.ts';
import { searchApart } from './search-apart.ts';
import type { Search } from './shortened.ts';

const SCHEDULES: Search = { bound: 1, maxExecutions: 40 };
const DEATHS: Search = { mode: 'uniform', seed: 1, maxExecutions: 60 };

for (const { name, kills } of scenarios) {
  test(`asserted: ${name}`, async () => {
    const search = kills === undefined ? SCHEDULES : DEATHS;
    // A walk comes where a compactor that waits for a pin has nobody to wake it, which is bounded.
    const isPatient = kills !== undefined;
    const order = { name, build: 'debug', isPatient, options: { ...search, isLax: true } } as const;
    const { failure } = await searchApart(order);
    assert.equal(failure, undefined, `${failure?.message}\n${failure?.trace.slice(-3000)}`);
  });
}
