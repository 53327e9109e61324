/** Partial-order reduction loses no final state, and runs each class of executions once. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  type Case,
  COUNTER,
  calling,
  copies,
  expectWord,
  FLAG,
  fickle,
  GATE,
  LOCK,
  lockScenario,
  run,
  stackScenario,
} from '../fixtures.ts';
import type { Body, Report, Scenario } from '../index.ts';

function reduced(scenario: Case): Promise<Report> {
  return run({ ...scenario, mode: 'dpor' });
}

async function countOf(scenario: Case): Promise<[executions: number, complete: boolean]> {
  const { executions, complete, failure } = await reduced(scenario);
  assert.equal(failure, undefined);
  return [executions, complete];
}

// --- counting ----------------------------------------------------------------------------------

test('where all steps conflict nothing is reduced: 9! / (3!)^3', async () => {
  const three = calling(['addWhole', COUNTER], ['addMany', COUNTER, 2]);
  const report = await reduced({ threads: copies(3, three), check: expectWord(COUNTER, 9) });
  assert.deepEqual([report.executions, report.cut, report.complete], [1680, 0, true]);
});

test('threads that share nothing are run once', async () => {
  const threads = [0, 4, 8, 12].map((at) => calling(['addMany', COUNTER + at, 5]));
  assert.deepEqual(await countOf({ threads }), [1, true]);
});

test('readers of one word are run once; a writer is before or behind each of them', async () => {
  const readers: Body[] = copies(3, (thread) => thread.call('popUntagged', COUNTER));
  assert.deepEqual(await countOf({ threads: readers }), [1, true]);
  const threads = [...readers, calling(['unlock', COUNTER])];
  assert.deepEqual(await countOf({ threads }), [8, true]);
});

test('small programs have the classes that can be counted by hand', async () => {
  // Of 6 interleavings of two loads and two stores, the order of the loads alone matters in none.
  assert.deepEqual(await countOf({ threads: copies(2, calling(['addTorn', COUNTER])) }), [4, true]);
});

test('a lock: fewer executions, the same outcome', async () => {
  const threads = [1, 2].map((owner) => calling(['addLocked', LOCK, owner, COUNTER]));
  const all = await run({ threads, mode: 'depth-first' });
  const [executions, complete] = await countOf({ threads, check: expectWord(COUNTER, 2) });
  assert.ok(complete && executions < all.executions, `${executions} of ${all.executions}`);
});

// --- defects -----------------------------------------------------------------------------------

test('planted defects are found, replayed, and gone when repaired', async () => {
  const untagged = stackScenario('popUntagged', 'push');
  const { failure } = await reduced(untagged);
  assert.match(failure?.message ?? '', /two owners/);
  const again = await run({ ...untagged, mode: 'replay', schedule: failure!.schedule });
  assert.deepEqual(again.failure, failure);
  const tagged = await reduced(stackScenario('popTagged', 'pushTagged'));
  assert.deepEqual([tagged.failure, tagged.complete], [undefined, true]);
  const signal = calling(['signal', FLAG, GATE]);
  const late = await reduced({ threads: [calling(['awaitLate', FLAG, GATE, -1n]), signal] });
  assert.equal(late.failure?.kind, 'deadlock');
  const right = await reduced({ threads: [calling(['awaitFlag', FLAG, GATE]), signal] });
  assert.deepEqual([right.failure, right.complete], [undefined, true]);
});

test('what bodies share in variables is seen if the scenario has a `before`', async () => {
  let inside = 0;
  const body: Body = async (thread) => {
    await thread.call('lock', COUNTER + 4 * thread.index, 1); // not the same lock
    assert.equal(inside++, 0, 'two at once');
    await thread.call('unlock', COUNTER + 4 * thread.index);
    inside--;
  };
  const before = (): void => {
    inside = 0;
  };
  const { failure } = await reduced({ threads: [body, body], before });
  assert.match(failure?.message ?? '', /two at once/);
});

test('a spin limit is refused: it hides choices', async () => {
  await assert.rejects(reduced({ threads: [], spinLimit: 1 }), /no spin limit/);
});

test('a scenario that is not deterministic is reported', async () => {
  const other = calling(['addMany', COUNTER, 2]);
  await assert.rejects(reduced({ threads: [fickle(), other] }), /not deterministic/);
});

// --- kills -------------------------------------------------------------------------------------

test('kills: what depth-first search finds is found, and what is right passes', async () => {
  const wrong = await reduced(lockScenario('recoverWithoutWaking'));
  assert.equal(wrong.failure?.kind, 'deadlock');
  const right = lockScenario('recover');
  const all = await run({ ...right, mode: 'depth-first' });
  const few = await reduced(right);
  assert.deepEqual([few.failure, few.complete], [undefined, true]);
  assert.ok(few.executions * 5 < all.executions, `${few.executions} of ${all.executions}`);
});

test('each place of a death is tried', async () => {
  const threads = [0, 4].map((at) => calling(['addMany', COUNTER + at, 2]));
  const endsOf = async (mode: 'depth-first' | 'dpor'): Promise<string[]> => {
    const ends = new Set<string>();
    const check: Scenario['check'] = (machine) => {
      ends.add(`${machine.load(COUNTER)} ${machine.load(COUNTER + 4)} ${machine.killed}`);
    };
    await run({ threads, kills: 2, mode, check });
    return [...ends].sort();
  };
  assert.deepEqual(await endsOf('dpor'), await endsOf('depth-first'));
});
