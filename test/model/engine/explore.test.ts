/** Replay, random walks, observers, putting everything back, and misuse that is reported. */
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  COUNTER,
  calling,
  copies,
  expectWord,
  FLAG,
  fickle,
  GATE,
  run,
  stackScenario,
} from './fixtures.ts';
import { type Body, type Report, type Scenario, Violation } from './index.ts';

test('notify wakes those first who parked first', async () => {
  let queue: number[] = [];
  const observer: Scenario['observer'] = {
    begin: () => {
      queue = [];
    },
    observe: (event) => {
      if (event.kind === 'wait' && event.parked) queue.push(event.thread);
      if (event.kind !== 'notify') return;
      const expected = queue.splice(0, event.woken.length);
      if (`${expected}` !== `${event.woken}`) throw new Violation(`${event.woken} overtook`);
    },
  };
  const signal = calling(['signal', FLAG, GATE], ['signal', FLAG, GATE]);
  const threads = [...copies(2, calling(['awaitFlag', FLAG, GATE])), signal];
  const { failure, complete } = await run({ threads, observer, bound: 2 });
  assert.deepEqual([failure, complete], [undefined, true]);
});

test('the schedule of a failure replays it, with the same trace', async () => {
  const scenario = stackScenario('popUntagged', 'push');
  const { failure } = await run(scenario);
  const again = await run({ ...scenario, mode: 'replay', schedule: failure!.schedule });
  assert.equal(again.executions, 1);
  assert.deepEqual(again.failure, failure);
  assert.match(failure!.trace, /t1 +cas32 +top +1040 -> 0 .*popUntagged/);
  assert.match(failure!.trace, /t0 +popUntagged\(64\)/);
});

test('a schedule that does not fit is refused', async () => {
  const threads = copies(2, calling(['addWhole', COUNTER]));
  const replay = (schedule: string): Promise<Report> => run({ threads, mode: 'replay', schedule });
  await assert.rejects(replay('0*2'), /does not fit: entry 2 is a step of 0/);
  await assert.rejects(replay('!0'), /does not fit/);
  await assert.rejects(replay('0;1'), /not part of a schedule/);
});

test('a random walk finds the defect, and the same seed finds it again', async () => {
  const scenario = { ...stackScenario('popUntagged', 'push'), mode: 'random' as const, seed: 7 };
  const [first, second] = [await run(scenario), await run(scenario)];
  assert.ok(first.failure);
  assert.deepEqual([first.executions, first.failure], [second.executions, second.failure]);
});

test('an observer may object at any event', async () => {
  const observer: Scenario['observer'] = {
    observe: ({ kind }) => {
      if (kind === 'finish') throw new Violation('nobody may finish');
    },
  };
  const { failure } = await run({ threads: [calling(['addWhole', COUNTER])], observer });
  assert.deepEqual([failure?.kind, failure?.thread], ['violation', 0]);
});

test('an observer sees accesses with addresses and may object', async () => {
  const seen: string[] = [];
  const observer: Scenario['observer'] = {
    begin: () => seen.splice(0),
    observe: (event) => {
      if (event.kind !== 'access') return;
      seen.push(`${event.site.op}@${event.address}+${event.length}`);
      if (event.site.op === 'copy to') throw new Violation('no copies');
    },
  };
  const body = calling(['addWhole', COUNTER], ['fillBytes', 512, 1, 9], ['copyBytes', 600, 512, 5]);
  const { failure } = await run({ threads: [body], observer });
  assert.deepEqual([failure?.kind, failure?.message], ['violation', 'no copies']);
  assert.deepEqual(seen, ['add@192+4', 'fill@512+9', 'copy from@512+5', 'copy to@600+5']);
});

test('a copy is undone after the execution, whatever its length', async () => {
  const body = calling(['fillBytes', 4097, 255, 100_000], ['copyBytes', 300_001, 4097, 70_003]);
  const before: Scenario['before'] = ({ words }) => {
    const dirty = words.findIndex((word, at) => at > 256 && word !== 0);
    if (dirty >= 0) throw new Error(`word ${dirty} was not restored`);
  };
  const threads = [body, ...copies(2, calling(['addMany', COUNTER, 2]))];
  const { executions, complete } = await run({ threads, before });
  assert.deepEqual([executions, complete], [6, true]);
});

test('globals of a thread are as after setup in every execution', async () => {
  const body: Body = async (thread) => {
    await thread.call('addWhole', COUNTER);
    return thread.call('countCalls');
  };
  const setup: Scenario['setup'] = ({ threads }) => void threads[1]!.callNow('countCalls');
  const check: Scenario['check'] = ({ results }) => assert.deepEqual(results, [1, 2]);
  const { failure, executions } = await run({ threads: [body, body], setup, check });
  assert.deepEqual([failure, executions], [undefined, 2]);
});

test('what check does is undone as well', async () => {
  const check: Scenario['check'] = ({ main }) => {
    main.callNow('addWhole', COUNTER);
    assert.equal(main.callNow('countCalls'), 1);
    expectWord(COUNTER, 3)({ load: () => main.callNow('loadPlain', COUNTER) } as never);
  };
  const { failure } = await run({ threads: copies(2, calling(['addWhole', COUNTER])), check });
  assert.equal(failure, undefined);
});

test('a body that awaits the outside world is reported, not waited for', async () => {
  const body: Body = async (thread) => {
    await new Promise(() => {}); // never over: a timer could be, before a slow machine looks
    await thread.call('addWhole', COUNTER);
  };
  await assert.rejects(run({ threads: [body] }), /awaits something other/);
});

test('a thread makes one call at a time', async () => {
  const body: Body = (thread) =>
    Promise.all([thread.call('addWhole', COUNTER), thread.call('addWhole', COUNTER)]);
  const { failure } = await run({ threads: [body] });
  assert.equal(failure?.message, 't0 makes two calls at once');
});

test('a scenario that is not deterministic is reported', async () => {
  await assert.rejects(
    run({ threads: [fickle(), calling(['addMany', COUNTER, 2]), calling(['addWhole', COUNTER])] }),
    /not deterministic/,
  );
});
