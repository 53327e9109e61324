/** What threads' queues leave in a tier, in thousands of drawn orders of all that happens. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Fault, type Kind, World } from '../../test/support/queue-world.ts';
import { seeded } from '../../test/support/seeded.ts';

/** Of each kind, however slow the machine is; more while there is time. */
const LEAST_RUNS = 100;
const DEEDS = 40;

const ALL = { silent: 1, clears: true, expires: true, isFaulty: true, timeoutMs: 40 };
const KINDS: readonly Kind[] = [
  { name: 'a queue, and a tier that fails', queues: 1, ...ALL },
  { name: 'two queues', queues: 2 },
  { name: 'two queues, and clears', queues: 2, clears: true },
  { name: 'two queues that wait, and clears', queues: 2, clears: true, writeDelayMs: 50 },
  { name: 'two small queues', queues: 2, isFaulty: true, timeoutMs: 40, maxQueue: 600 },
  { name: 'two queues, and values that expire', queues: 2, expires: true },
  { name: 'two queues, and a tier that fails', queues: 2, isFaulty: true, timeoutMs: 40 },
  { name: 'three queues and a silent thread', queues: 3, silent: 1, clears: true },
  { name: 'three small queues, a silent thread and all else', queues: 3, ...ALL, maxQueue: 400 },
  { name: 'threads that have one number', queues: 2, between: 1022, clears: true },
  { name: 'threads that have one number, and all else', queues: 2, between: 1022, ...ALL },
];

for (const kind of KINDS) {
  test(`the last written value, or none, is in the tier: ${kind.name}`, async () => {
    const { hasTime } = seeded(kind.name);
    for (let run = 0; run < LEAST_RUNS || hasTime(); run++) await explore(kind, run);
  });
}

/** Throws if the tier ends with what is older. The same run is the same again. */
async function explore(kind: Kind, run: number, fault?: Fault): Promise<void> {
  const name = `${kind.name} ${run}`;
  try {
    await new World(kind, seeded(name), fault).run(DEEDS);
  } catch (error) {
    throw new Error(`run ${run}`, { cause: error });
  }
}

const FAILING = KINDS.find(({ name }) => name === 'two queues, and a tier that fails')!;

for (const [fault, what] of [
  ['deaf', 'of a queue that hears of no other thread'],
  ['credulous', 'of a queue that believes the cache to have what it has'],
] as const) {
  test(`the older value is found ${what}`, async () => {
    const find = async () => {
      for (let run = 0; ; run++) await explore(FAILING, run, fault);
    };
    await assert.rejects(find, { message: /^run \d+$/ });
  });
}

test('a run of a seed is the same again', async () => {
  const explored = async () => {
    const logs: string[] = [];
    for (let run = 0; run < 20; run++) {
      const world = new World(FAILING, seeded(`again ${run}`));
      await world.run(DEEDS);
      logs.push(...world.store.log);
    }
    return logs;
  };
  const logs = await explored();
  assert.deepEqual(await explored(), logs);
  assert.ok(logs.length > 100);
});
