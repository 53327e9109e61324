/** Threads that die: every place is tried, survivors hang without recovery, recovery is checked. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { COUNTER, calling, copies, FLAG, GATE, LOCK, lockScenario, run } from './fixtures.ts';
import type { Body, Scenario } from './index.ts';

test('a kill is tried once at each place of a thread', async () => {
  const one = calling(['addWhole', COUNTER]);
  const outcomes: string[] = [];
  const check: Scenario['check'] = (machine) => {
    outcomes.push(`${machine.schedule}`);
  };
  const report = await run({ threads: [one, one], kills: 1, check });
  assert.equal(report.complete, true);
  assert.deepEqual(outcomes.sort(), ['!0.1', '!1.0', '0.1', '1.0']);
});

interface Left {
  steps: number[];
  running: number;
  /** Threads that have arrived since the last step. */
  fresh: number[];
  preemptions: number;
  kills: number;
}

/** Counts executions with kills directly: each arrival is one chance to die, and costs nothing. */
function countWithKills({ steps, running, fresh, preemptions, kills }: Left): number {
  if (steps.every((count) => count === 0)) return 1;
  let sum = 0;
  steps.forEach((count, next) => {
    if (count === 0) return;
    const isPreemption = next !== running && (steps[running] ?? 0) > 0;
    if (!isPreemption || preemptions > 0) {
      const left = preemptions - Number(isPreemption);
      const rest = steps.with(next, count - 1);
      sum += countWithKills({
        steps: rest,
        running: next,
        fresh: [next],
        preemptions: left,
        kills,
      });
    }
    if (!fresh.includes(next) || kills === 0) return;
    const others = fresh.filter((it) => it !== next);
    const rest = { steps: steps.with(next, 0), running, fresh: others, preemptions };
    sum += countWithKills({ ...rest, kills: kills - 1 });
  });
  return sum;
}

test('searches with kills run as many executions as there are', async () => {
  const steps = [2, 3, 2];
  const threads = steps.map((length) => calling(['addMany', COUNTER, length]));
  for (const [kills, bound] of [
    [1, 0],
    [1, 1],
    [2, 1],
    [2, 2],
    [1, 9],
  ] as const) {
    const { executions } = await run({ threads, kills, bound });
    const start = { steps, running: -1, fresh: [0, 1, 2], preemptions: bound, kills };
    assert.equal(executions, countWithKills(start), `${kills} kills, bound ${bound}`);
  }
});

test('a thread may die after it was notified and before it runs', async () => {
  const schedules = new Set<string>();
  const check: Scenario['check'] = (machine) => void schedules.add(`${machine.schedule}`);
  const threads = [calling(['awaitFlag', FLAG, GATE]), calling(['signal', FLAG, GATE])];
  await run({ threads, kills: 1, killable: [0], check });
  assert.ok(schedules.has('0*3.1*3.!0'), 'woken');
  assert.ok(!schedules.has('0*3.!0.1*3'), 'who dies parked could have died before');
});

test('a killed thread has no result, whatever its body makes of its death', async () => {
  const stubborn: Body = (thread) =>
    thread.call('storePlain', COUNTER, 1).then(
      () => 'stored',
      () => 'survived',
    );
  const seen = new Set<unknown>();
  const check: Scenario['check'] = ({ results }) => void seen.add(results[0]);
  await run({ threads: [stubborn], kills: 1, check });
  assert.deepEqual(seen, new Set(['stored', undefined]));
});

test('a thread killed with a lock held: deadlock without recovery, none with it', async () => {
  const without = await run(lockScenario());
  assert.ok(without.failure);
  const deadlock = await run({ ...lockScenario(), check: () => {} });
  assert.equal(deadlock.failure?.kind, 'deadlock');
  assert.match(deadlock.failure?.schedule ?? '', /!\d/);
  const repaired = await run(lockScenario('recover'));
  assert.deepEqual([repaired.failure, repaired.complete], [undefined, true]);
});

test('a recovery that forgets those whom the dead thread was about to wake is found', async () => {
  const { failure } = await run(lockScenario('recoverWithoutWaking'));
  assert.equal(failure?.kind, 'deadlock');
});

test('a kill between two plain stores is found and replayed', async () => {
  const writer = calling(['storePlain', COUNTER, 1], ['storePlain', COUNTER + 4, 1]);
  const scenario = { ...lockScenario(), threads: [writer] };
  const { failure } = await run(scenario);
  assert.deepEqual([failure?.message, failure?.schedule], ['torn: 1, 0', '!0@1']);
  const again = await run({ ...scenario, mode: 'replay', schedule: failure!.schedule });
  assert.deepEqual(again.failure, failure);
});

test('who recovers may die too', async () => {
  const scenario = { ...lockScenario('recover'), kills: 2 };
  const { failure } = await run({ ...scenario, bound: 1 });
  assert.ok(failure, 'the recovery of a recovery does not know whose lock it was');
  const owners = (victim: number, killed: readonly number[]): number =>
    victim < 2 ? victim : killed[0]!;
  const recover: Scenario['recover'] = (thread, victim, { killed }) =>
    thread.call('recover', LOCK, owners(victim, killed) + 1, COUNTER);
  const right = await run({ ...scenario, recover, bound: 1 });
  assert.deepEqual([right.failure, right.complete], [undefined, true]);
});

test('only threads named killable are killed', async () => {
  const killed = new Set<number>();
  const check: Scenario['check'] = (machine) => {
    for (const index of machine.killed) killed.add(index);
  };
  const threads = copies(3, calling(['addWhole', COUNTER]));
  await run({ threads, kills: 2, killable: [1], check });
  assert.deepEqual([...killed], [1]);
});
