/**
 * What processes believe in the end, in thousands of drawn orders of all that happens: that which
 * the tier has. News may be late, and calls may fail. What was here when a connection was lost is
 * not looked at: nothing is told of it, and it is believed for `maxStaleMs`.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seeded } from '../../test/support/seeded.ts';
import { type Kind, World } from '../../test/support/session-world.ts';

/** Of each kind, however slow the machine is; more while there is time. */
const LEAST_RUNS = 100;
const DEEDS = 30;

const ALL = { clears: true, isFaulty: true };
const TWO: Kind = { name: 'two processes', threads: [1, 1] };
const KINDS: readonly Kind[] = [
  TWO,
  { name: 'one process of two threads', threads: [2] },
  { name: 'two processes whose writes wait', threads: [1, 1], writeDelayMs: 50 },
  { name: 'two processes, and clears', threads: [1, 1], clears: true },
  { name: 'two processes, and calls that fail', threads: [1, 1], isFaulty: true },
  { name: 'two processes of two threads, and all', threads: [2, 2], ...ALL },
  { name: 'two that were cut off', threads: [1, 1], isFaulty: true, losesWires: true },
  { name: 'threads that were cut off, and all', threads: [2, 2], ...ALL, losesWires: true },
];

for (const kind of KINDS) {
  test(`what is told leaves nothing older: ${kind.name}`, async () => {
    const { hasTime } = seeded(kind.name);
    for (let run = 0; run < LEAST_RUNS || hasTime(); run++) await explore(kind, run);
  });
}

/** Throws if a process ends with what is older. The same run is the same again. */
async function explore(kind: Kind, run: number): Promise<void> {
  try {
    await new World(kind, seeded(`${kind.name} ${run}`)).run(DEEDS);
  } catch (error) {
    throw new Error(`run ${run}`, { cause: error });
  }
}

test('what is older is found where some news does not arrive', async () => {
  const find = async () => {
    for (let run = 0; ; run++) await explore({ ...TWO, losesNews: true }, run);
  };
  await assert.rejects(find, { message: /^run \d+$/ });
});
