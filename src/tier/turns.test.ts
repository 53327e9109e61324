/**
 * Turns: each step of a thread is tried between any two accesses of another, and deaths at each.
 *
 * Operations are short and without a wait inside, so threads are played on one: the table's
 * accesses are counted, and at one of them another thread does all of its own, or this one dies.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { isOwn, type Turn, Turns } from './turns.ts';

const SLOT = 3;
const HASH = 0x1234_5678;
const OTHER_HASH = 0x7654_3210;
const WAIT_MS = 50;

class Death extends Error {}

interface Played {
  readonly words: Int32Array;
  /** Notifications so far. */
  notified: number;
  /** Does `other` before the access with this number, counted from now on. */
  interrupt(at: number, other: () => void): void;
  /** Accesses since `interrupt`. */
  accesses: number;
  /** What has not been done by now is not done. */
  disarm(): void;
}

/** A table whose accesses are counted, and a clock that stands. */
function play(t: TestContext): Played {
  const played: Played = {
    words: new Int32Array(new SharedArrayBuffer(4 * 8)),
    notified: 0,
    accesses: 0,
    interrupt(at, other) {
      [played.accesses, where, what] = [0, at, other];
    },
    disarm() {
      where = -1;
    },
  };
  let where = -1;
  let what = () => {};
  const access = () => {
    if (played.accesses++ !== where) return;
    where = -1;
    what();
  };
  const { load, compareExchange } = Atomics;
  t.mock.method(Atomics, 'load', (words: Int32Array, at: number) => {
    access();
    return load(words, at);
  });
  t.mock.method(
    Atomics,
    'compareExchange',
    (words: Int32Array, ...rest: [number, number, number]) => {
      access();
      return compareExchange(words, ...rest);
    },
  );
  t.mock.method(Atomics, 'notify', () => ++played.notified);
  return played;
}

/** What one thread does with the key while others do something. */
type Step = (turns: Turns) => void;

const OTHERS: [what: string, step: Step][] = [
  ['takes it', (turns) => void turns.take(SLOT, HASH)],
  ['takes and ends it', takeAndEnd],
  ['takes another key of the slot', (turns) => void turns.take(SLOT, OTHER_HASH)],
  ['does nothing', () => {}],
];

function threads({ words }: Played): [Turns, Turns, Turns] {
  return [new Turns(words, WAIT_MS), new Turns(words, WAIT_MS), new Turns(words, WAIT_MS)];
}

function takeAndEnd(turns: Turns): void {
  const turn = turns.take(SLOT, HASH);
  if (isOwn(turn)) turns.end(SLOT, turn, true);
}

/** Calls with 0, 1, … until an operation has no access of that number. @returns how many it has */
async function atEachAccess(
  played: Played,
  run: (at: number) => number | Promise<number>,
): Promise<number> {
  for (let at = 0; at < 20; at++) {
    played.words.fill(0);
    if ((await run(at)) <= at) return at;
  }
  throw new Error('it does not end');
}

/** Does `step`, with `other` before its access of that number. @returns how many it had */
function interrupted(played: Played, at: number, step: () => void, other: () => void): number {
  played.interrupt(at, other);
  try {
    step();
  } catch (error) {
    assert.ok(error instanceof Death);
  }
  played.disarm();
  return played.accesses;
}

for (const [what, other] of OTHERS) {
  test(`one has the turn, and tells of its end, when another ${what} meanwhile`, async (t) => {
    const played = play(t);
    const [one, two, three] = threads(played);
    const most = await atEachAccess(played, (at) => {
      let turn: Turn = 0;
      const take = () => {
        turn = one.take(SLOT, HASH);
      };
      const accesses = interrupted(played, at, take, () => other(two));
      const seen = three.take(SLOT, HASH);
      assert.ok(!isOwn(seen) || !isOwn(turn), 'of two that ask at once one has it');
      const before = played.notified;
      if (!isOwn(turn)) return accesses;
      one.end(SLOT, turn, false);
      if (seen === 0) return accesses;
      assert.notEqual(Atomics.load(played.words, SLOT), seen, 'who waits sees the end');
      assert.equal(played.notified, before + 1, 'and is told');
      return accesses;
    });
    assert.ok(most >= 2, `${most} accesses`);
  });
}

for (const isEndFirst of [true, false]) {
  const what = isEndFirst ? 'who ends it' : 'who begins to wait';
  test(`no end is missed when ${what} is interrupted by the other`, async (t) => {
    const played = play(t);
    const [one, two] = threads(played);
    await atEachAccess(played, (at) => {
      const turn = one.take(SLOT, HASH);
      let seen: Turn = 0;
      let isDone = false;
      const end = () => one.end(SLOT, turn, true);
      const take = () => {
        seen = two.take(SLOT, HASH);
      };
      const [first, second] = isEndFirst ? [end, take] : [take, end];
      const before = played.notified;
      const accesses = interrupted(played, at, first, () => {
        isDone = true;
        second();
      });
      if (!isDone) second();
      if (isOwn(seen)) return accesses;
      assert.notEqual(Atomics.load(played.words, SLOT), seen, `at ${at}`);
      assert.ok(played.notified > before, `at ${at}`);
      return accesses;
    });
  });
}

test('who dies at any access keeps nobody for longer than a turn lasts', async (t) => {
  const played = play(t);
  const [one, two] = threads(played);
  const die = () => {
    throw new Death();
  };
  for (const life of [takeAndEnd, (turns: Turns) => void turns.take(SLOT, HASH)]) {
    const most = await atEachAccess(played, async (at) => {
      const accesses = interrupted(played, at, () => life(one), die);
      const turn = two.take(SLOT, HASH);
      if (isOwn(turn)) return accesses;
      assert.equal(await two.wait(SLOT, turn), false, 'nothing is known');
      assert.ok(isOwn(two.take(SLOT, HASH)));
      return accesses;
    });
    assert.ok(most >= 2);
  }
});

test('a turn that is late is taken over, and its first owner ends it no more', async () => {
  const words = new Int32Array(new SharedArrayBuffer(4 * 8));
  const [one, two, three] = [0, 1, 2].map(() => new Turns(words, 20));
  const turn = one!.take(SLOT, HASH);
  const seen = two!.take(SLOT, HASH);
  assert.ok(isOwn(turn) && !isOwn(seen) && seen !== 0);
  assert.equal(await two!.wait(SLOT, seen), false, 'nobody has ended it: late');
  const next = two!.take(SLOT, HASH);
  assert.ok(isOwn(next));
  one!.end(SLOT, turn, true);
  assert.equal(three!.take(SLOT, HASH), next | 1, 'still the second one’s');
});

test('keys that share a slot do not wait for each other; what it ends with is told', async () => {
  const words = new Int32Array(new SharedArrayBuffer(4 * 8));
  const [one, two] = [0, 1].map(() => new Turns(words, 60_000));
  for (const hasNothing of [true, false]) {
    const turn = one!.take(SLOT, HASH);
    assert.equal(two!.take(SLOT, OTHER_HASH), 0);
    const waited = two!.wait(SLOT, two!.take(SLOT, HASH));
    one!.end(SLOT, turn, hasNothing);
    assert.equal(await waited, hasNothing);
  }
});
