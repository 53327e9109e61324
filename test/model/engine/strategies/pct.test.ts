/** PCT and the uniform walk keep what they promise: chances, seeds, replay, kills. */
import assert from 'node:assert/strict';
import test, { before } from 'node:test';
import { COUNTER, calling, LOCK, run } from '../fixtures.ts';
import { explore, type Report, type Scenario } from '../index.ts';
import type { Instrumented } from '../instrument.ts';
import { compileOperations, type Operation, small, WORDS } from './small-programs.ts';

let wasm: Instrumented;
before(async () => {
  wasm = await compileOperations();
});

const IDLE = 3;

/** Moves the word from each of these values to the next, with idle steps before each try. */
function turns(idleWord: number, ...values: number[]): Operation[] {
  const idle: Operation[] = Array.from({ length: IDLE }, () => ['read', idleWord]);
  return values.flatMap((value) => [...idle, ['cas', WORDS, value, value + 1] as Operation]);
}

/** Fails if two steps of each thread happen in turn and in no other order: a defect of depth 3. */
function depthThree(options: Partial<Scenario>): Promise<Report> {
  const { scenario } = small(wasm, [turns(WORDS + 4, 0, 2), turns(WORDS + 8, 1, 3)]);
  const check: Scenario['check'] = (machine) => {
    assert.notEqual(machine.load(WORDS), 4, 'all four in turn');
  };
  return explore({ ...scenario, check, ...options });
}

test('PCT finds a defect of depth 3 in the expected number of executions', async () => {
  // 1 / (n * k^2) an execution, n = 2, k = 15: while one thread is done the other has no choice.
  const expected = 2 * 15 * 15;
  let executions = 0;
  for (let seed = 1; seed <= 20; seed++) {
    const report = await depthThree({ mode: 'pct', depth: 3, seed, maxExecutions: 20 * expected });
    assert.match(report.failure?.message ?? '', /all four in turn/);
    executions += report.executions;
  }
  assert.ok(executions / 20 <= expected, `${executions / 20} executions on average`);
});

test('PCT without a depth takes 2, 3 and 4 in turn', async () => {
  const { failure } = await depthThree({ mode: 'pct', maxExecutions: 5000 });
  assert.ok(failure);
});

test('with one change point or none the defect cannot be found', async () => {
  for (const depth of [1, 2]) {
    const { failure, executions } = await depthThree({ mode: 'pct', depth });
    assert.deepEqual([failure, executions], [undefined, 1000]);
  }
});

test('what chance finds is found again, by seed and by schedule', async () => {
  for (const mode of ['pct', 'uniform'] as const) {
    const options = { mode, seed: 3, maxExecutions: 20_000 };
    const [first, second] = [await depthThree(options), await depthThree(options)];
    assert.ok(first.failure, mode);
    assert.deepEqual([first.executions, first.failure], [second.executions, second.failure]);
    const { schedule } = first.failure;
    const again = await depthThree({ mode: 'replay', schedule });
    assert.deepEqual(again.failure, first.failure);
  }
});

test('the uniform walk lets one step fall anywhere among many with the same chance', async () => {
  const before = new Array<number>(10).fill(0);
  const { scenario } = small(wasm, [
    [['read', WORDS]],
    Array.from({ length: 9 }, () => ['add', WORDS, 1] as Operation),
  ]);
  const check: Scenario['check'] = ({ results }) => void before[Number(results[0])]!++;
  await explore({ ...scenario, check, mode: 'uniform', maxExecutions: 2001 });
  // 200 of each, with a standard deviation of 13.
  assert.ok(Math.min(...before) > 140 && Math.max(...before) < 260, String(before));
});

test('deaths are found by chance as well', async () => {
  const scenario = {
    threads: [1, 2].map((owner) => calling(['addLocked', LOCK, owner, COUNTER])),
    recover: ((thread, victim) =>
      thread.call('recoverWithoutWaking', LOCK, victim + 1, COUNTER)) as Scenario['recover'] & {},
    kills: 1,
  };
  for (const mode of ['pct', 'uniform'] as const) {
    const { failure } = await run({ ...scenario, mode, maxExecutions: 5000 });
    assert.equal(failure?.kind, 'deadlock', mode);
    assert.match(failure.schedule, /!/);
  }
});
