/** Machine and searches: planted defects are found, repaired programs pass, counts are exact. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  COUNTER,
  calling,
  copies,
  expectWord,
  FLAG,
  GATE,
  LOCK,
  run,
  stackScenario,
} from './fixtures.ts';
import type { Body, Scenario } from './index.ts';

// --- counting ----------------------------------------------------------------------------------

test('3 threads of 3 steps have 9! / (3!)^3 interleavings', async () => {
  const three = calling(['addWhole', COUNTER], ['addMany', COUNTER, 2]);
  const report = await run({ threads: copies(3, three), check: expectWord(COUNTER, 9) });
  assert.deepEqual([report.executions, report.steps, report.complete], [1680, 15120, true]);
});

test('a preemption bound counts preemptions and nothing else', async () => {
  const threads = copies(2, calling(['addMany', COUNTER, 3]));
  const count = async (bound?: number): Promise<number> =>
    (await run({ threads, ...(bound === undefined ? {} : { bound }) })).executions;
  assert.deepEqual([await count(0), await count(1), await count(2)], [2, 6, 14]);
  assert.equal(await count(), 20);
});

/** Counts interleavings with at most `left` preemptions directly; `steps` are those to come. */
function countBounded(steps: number[], running: number, left: number): number {
  if (steps.every((count) => count === 0)) return 1;
  return steps.reduce((sum, count, next) => {
    const isPreemption = next !== running && (steps[running] ?? 0) > 0;
    if (count === 0 || (isPreemption && left === 0)) return sum;
    const rest = steps.with(next, count - 1);
    return sum + countBounded(rest, next, left - Number(isPreemption));
  }, 0);
}

test('bounded searches run as many executions as there are', async () => {
  const lengths = [2, 3, 4];
  const threads = lengths.map((length) => calling(['addMany', COUNTER, length]));
  for (const bound of [0, 1, 2, 3, 4]) {
    const { executions } = await run({ threads, bound });
    assert.equal(executions, countBounded(lengths, -1, bound), `bound ${bound}`);
  }
});

test('the reduced search within a bound: all of what conflicts, and little of what does not', async () => {
  const counted = async (steps: [at: number, count: number][], bound: number): Promise<number> => {
    const threads = steps.map(([at, count]) => calling(['addMany', at, count]));
    const { executions, complete } = await run({ threads, bound });
    assert.ok(complete);
    return executions;
  };
  for (const bound of [0, 1, 2, 3, 4]) {
    const same = await counted(
      [
        [COUNTER, 2],
        [COUNTER, 3],
        [COUNTER, 4],
      ],
      bound,
    );
    assert.equal(same, countBounded([2, 3, 4], -1, bound), `bound ${bound}`);
    // Who begins is not reduced, nor who follows when a thread is done.
    assert.equal(
      await counted(
        [
          [COUNTER, 9],
          [COUNTER + 4, 9],
          [COUNTER + 8, 9],
        ],
        bound,
      ),
      6,
    );
  }
});

test('threads without any step finish', async () => {
  const report = await run({ threads: [async () => 1, async () => 2] });
  assert.deepEqual([report.executions, report.steps, report.complete], [1, 0, true]);
});

// --- planted defects -----------------------------------------------------------------------------

test('a lost update is found, and the repaired program passes', async () => {
  const check = expectWord(COUNTER, 2);
  const torn = await run({ threads: copies(2, calling(['addTorn', COUNTER])), check });
  assert.equal(torn.failure?.kind, 'check');
  assert.ok(torn.executions <= 5);
  const whole = await run({ threads: copies(2, calling(['addWhole', COUNTER])), check });
  assert.deepEqual([whole.failure, whole.complete], [undefined, true]);
});

test('ABA: a node that was popped and pushed again is found, and a tag prevents it', async () => {
  const untagged = await run(stackScenario('popUntagged', 'push'));
  assert.match(untagged.failure?.message ?? '', /two owners/);
  const tagged = await run(stackScenario('popTagged', 'pushTagged'));
  assert.deepEqual([tagged.failure, tagged.complete], [undefined, true]);
});

test('a missed wake-up is found as a deadlock', async () => {
  const signal = calling(['signal', FLAG, GATE]);
  const late = await run({ threads: [calling(['awaitLate', FLAG, GATE, -1n]), signal] });
  assert.equal(late.failure?.kind, 'deadlock');
  assert.equal(late.failure?.message, 'parked for ever: t0 on gate');
  const right = await run({ threads: [calling(['awaitFlag', FLAG, GATE]), signal] });
  assert.deepEqual([right.failure, right.complete], [undefined, true]);
});

test('two locks in opposite order deadlock; in one order they do not', async () => {
  const both = (first: number, second: number, owner: number): Body =>
    calling(['lock', first, owner], ['lock', second, owner], ['unlock', second], ['unlock', first]);
  const crossed = await run({ threads: [both(LOCK, GATE, 1), both(GATE, LOCK, 2)] });
  assert.equal(crossed.failure?.kind, 'deadlock');
  const ordered = await run({ threads: [both(LOCK, GATE, 1), both(LOCK, GATE, 2)] });
  assert.deepEqual([ordered.failure, ordered.complete], [undefined, true]);
});

test('a trap and a throwing body are failures of their thread', async () => {
  const trap = await run({ threads: [calling(['addWhole', 64 * 65536])] });
  assert.deepEqual([trap.failure?.kind, trap.failure?.thread], ['trap', 0]);
  const throwing: Body = async (thread) => {
    await thread.call('addWhole', COUNTER);
    throw new Error('wrong');
  };
  const thrown = await run({ threads: [calling(['addWhole', COUNTER]), throwing] });
  assert.deepEqual([thrown.failure?.kind, thrown.failure?.thread], ['assertion', 1]);
});

// --- waiting -----------------------------------------------------------------------------------

test('a time-out fires only when nothing else can run', async () => {
  const waiting: Body = (thread) => thread.call('awaitLate', FLAG, GATE, 1000n);
  const signal: Body = (thread) => thread.call('signal', FLAG, GATE);
  const seen = new Set<string>();
  const check: Scenario['check'] = ({ results }) => void seen.add(String(results));
  const report = await run({ threads: [waiting, signal], check });
  assert.equal(report.complete, true);
  // The flag is seen; a wake-up; the gate has changed; and the missed wake-up, ended by time.
  assert.deepEqual([...seen].sort(), ['0,0', '0,1', '1,0', '2,0']);
  const strict = await run({ threads: [waiting, signal], isTimeoutLegal: () => false });
  assert.equal(strict.failure?.kind, 'missed wake-up');
});

test('time passes for all who wait: one that waits again and again keeps nobody asleep', async () => {
  const again: Body = async (thread) => {
    while ((await thread.call('awaitLate', FLAG, GATE, 1000n)) === 2);
  };
  const late: Body = async (thread) => {
    assert.equal(await thread.call('awaitLate', LOCK, COUNTER, 1000n), 2);
    await thread.call('signal', FLAG, GATE);
  };
  for (const mode of ['bounded', 'depth-first', 'dpor'] as const) {
    const { failure, complete } = await run({ threads: [again, late], mode, stepLimit: 100 });
    assert.deepEqual([failure, complete], [undefined, true], mode);
  }
});

test('a 64-bit wait compares both halves', async () => {
  const wait = (expected: bigint): Body => calling(['awaitCell', GATE, expected, -1n]);
  const setup: Scenario['setup'] = (machine) => machine.store(GATE + 4, 7);
  assert.equal((await run({ setup, threads: [wait(7n << 32n)] })).failure?.kind, 'deadlock');
  assert.equal((await run({ setup, threads: [wait(0n)] })).failure, undefined);
});

test('an endless spin is a livelock, and a spin limit lets others go first', async () => {
  const threads = copies(2, calling(['spinLock', LOCK], ['spinUnlock', LOCK]));
  const endless = await run({ threads, stepLimit: 100 });
  assert.equal(endless.failure?.kind, 'livelock');
  const limited = await run({ threads, stepLimit: 100, spinLimit: 1 });
  assert.deepEqual([limited.failure, limited.complete], [undefined, true]);
  const forgotten = await run({ threads: copies(2, calling(['spinLock', LOCK])), spinLimit: 1 });
  assert.equal(forgotten.failure?.kind, 'livelock');
});
