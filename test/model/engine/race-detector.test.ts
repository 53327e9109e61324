/** Planted races are found whatever the schedule; what is ordered is not reported. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Case, COUNTER, calling, FLAG, GATE, LOCK, run, TOP } from './fixtures.ts';
import {
  type AllowedRace,
  type Body,
  RaceDetector,
  type RaceOptions,
  type Report,
} from './index.ts';

const NODES = [1024, 1040];

function detect(threads: Body[], more: Partial<Case> = {}, options?: RaceOptions): Promise<Report> {
  return run({ threads, observer: new RaceDetector(options), ...more });
}

async function expectRace(threads: Body[], message: RegExp, more?: Partial<Case>): Promise<void> {
  const { failure } = await detect(threads, more);
  assert.match(failure?.message ?? '', message);
  assert.equal(failure?.kind, 'violation');
}

async function expectNone(threads: Body[], more?: Partial<Case>): Promise<void> {
  const { failure, complete } = await detect(threads, more);
  assert.deepEqual([failure?.message, complete], [undefined, true]);
}

/** Allows whatever happens at a place. */
function allowing(place: RegExp): AllowedRace {
  return { place, between: [{}, {}], because: 'the test wants to see what comes after it' };
}

// --- planted -----------------------------------------------------------------------------------

test('two plain accesses race, in the first schedule that is run', async () => {
  const store = calling(['addWhole', GATE], ['storePlain', COUNTER, 1]);
  const load = calling(['addWhole', FLAG], ['loadPlain', COUNTER]);
  const { failure, executions } = await detect([store, load]);
  assert.equal(executions, 1);
  const write = 't0 store32 (plain) [0xc0…+4] in storePlain';
  const read = 't1 load32 (plain) [0xc0…+4] in loadPlain';
  const end = 'neither happens before the other';
  assert.equal(
    failure?.message.replaceAll('programs/', ''),
    `race on counter: ${write} and ${read}: ${end}`,
  );
  assert.match(failure?.trace ?? '', /t1 .*loadPlain/);
  await expectRace([store, store], /t0 store32 .* t1 store32/);
  await expectNone([load, load]);
});

test('a plain access races with an atomic one of the same word', async () => {
  const atomic = calling(['addWhole', COUNTER]);
  await expectRace([atomic, calling(['storePlain', COUNTER, 1])], /store32 \(plain\).* add32/);
  await expectRace([calling(['loadPlain', COUNTER]), atomic], /load32 \(plain\) .* add32/);
});

test('atomic accesses of different widths are reported apart, and never allowed', async () => {
  const threads = [calling(['addWhole', COUNTER + 4]), calling(['addCell', COUNTER])];
  await expectRace(threads, /^mixed widths on 196: t. add\d\d .* and t. add\d\d/);
  const { failure } = await detect(threads, {}, { allowed: [allowing(/./)] });
  assert.match(failure?.message ?? '', /mixed widths/);
});

test('a copy races with a store into its range, and with nothing beside it', async () => {
  const copy = calling(['copyBytes', 600, COUNTER - 5, 30]);
  await expectRace([copy, calling(['storePlain', COUNTER + 20, 1])], /copy from.*\[0xbb…\+30\]/);
  await expectRace([copy, calling(['fillBytes', 629, 1, 1])], /copy to .* fill/);
  await expectNone([copy, calling(['fillBytes', 630, 1, 9], ['fillBytes', 591, 1, 9])]);
});

test('neighbouring bytes of a word are apart', async () => {
  await expectNone([calling(['fillBytes', 600, 1, 2]), calling(['fillBytes', 602, 1, 2])]);
  await expectRace([calling(['fillBytes', 600, 1, 3]), calling(['fillBytes', 602, 1, 2])], /602/);
});

test('a message without a release is a race', async () => {
  const send = calling(['sendPlain', COUNTER, 7, FLAG, 1]);
  const receive = calling(['receive', COUNTER, FLAG, 1]);
  await expectRace([send, receive], /on flag: .*sendPlain/);
  const { failure } = await detect([send, receive], {}, { allowed: [allowing(/flag/)] });
  assert.match(failure?.message ?? '', /on counter/);
});

test('a compare-and-swap publishes if it succeeds', async () => {
  const sending = (expected: number): Body =>
    calling(['storePlain', COUNTER, 1], ['swapIf', FLAG, expected, 1]);
  const receive = calling(['receive', COUNTER, FLAG, 1]);
  await expectNone([sending(0), receive]);
  const setup: Case['setup'] = (machine) => machine.store(FLAG, 1);
  await expectRace([sending(0), receive], /on counter/, { setup });
});

test('a plain store into an atomic word ends what was published', async () => {
  const send = calling(['send', COUNTER, 7, FLAG, 1], ['storePlain', FLAG, 1]);
  const receive = calling(['receive', COUNTER, FLAG, 1]);
  const { failure } = await detect([send, receive], {}, { allowed: [allowing(/flag/)] });
  assert.match(failure?.message ?? '', /on counter/);
});

test('a store stands for itself alone, a read-modify-write for those before it', async () => {
  const [one, two] = [COUNTER, COUNTER + 4];
  const receive = calling(['receive', one, FLAG, 2]);
  const storing = [calling(['send', one, 7, FLAG, 1]), calling(['send', two, 7, FLAG, 2])];
  await expectRace([...storing, receive], /on counter/);
  const adding = [calling(['sendAdding', one, 7, FLAG]), calling(['sendAdding', two, 7, FLAG])];
  await expectNone([...adding, receive]);
});

test('a node that is reused while a reader may be inside is a race', async () => {
  const setup: Case['setup'] = (machine) => machine.store(TOP, NODES[0]!);
  const reader = calling(['readNode', TOP, FLAG]);
  await expectNone([reader, calling(['replaceNode', TOP, FLAG, NODES[1]!])], { setup });
  await expectRace([reader, calling(['replaceNodeFast', TOP, NODES[1]!])], /on 1024/, { setup });
});

// --- ordered -----------------------------------------------------------------------------------

test('a message, a lock with waiters, and a wake-up order what they should', async () => {
  const send = calling(['send', COUNTER, 7, FLAG, 1]);
  await expectNone([send, calling(['receive', COUNTER, FLAG, 1])]);
  const locked = (owner: number): Body => calling(['addLocked', LOCK, owner, COUNTER]);
  await expectNone([locked(1), locked(2), locked(3)], { bound: 2 });
  // The sleeper looks at nothing but its wake-up, after which the data must be there.
  const sleeper: Body = async (thread) => {
    if ((await thread.call('awaitLate', FLAG, GATE, 1000n)) !== 0) return;
    await thread.call('loadPlain', COUNTER);
  };
  const waker = calling(['storePlain', COUNTER, 1], ['signal', FLAG, GATE]);
  await expectNone([sleeper, waker]);
});

test('what a dead thread did happened before its recovery', async () => {
  const threads = [calling(['addLocked', LOCK, 1, COUNTER])];
  const recover: Case['recover'] = (thread, victim) =>
    thread.call('recover', LOCK, victim + 1, COUNTER);
  await expectNone(threads, { recover, kills: 1 });
});

test('an allowed race is passed over, by function and operation', async () => {
  const threads = [calling(['storePlain', COUNTER, 1]), calling(['addWhole', COUNTER])];
  const rule = (fn: RegExp): AllowedRace => ({
    ...allowing(/^counter$/),
    between: [{ op: /^add32$/ }, { function: fn }],
  });
  const seen = new Set<string>();
  const onRace: RaceOptions['onRace'] = ({ name }, allowed) => {
    seen.add(`${name} ${allowed?.because ?? 'not allowed'}`);
    return false;
  };
  const right = await detect(threads, {}, { allowed: [rule(/storePlain/)], onRace });
  assert.deepEqual([right.failure, seen.size], [undefined, 1]);
  const wrong = await detect(threads, {}, { allowed: [rule(/loadPlain/)] });
  assert.equal(wrong.failure?.kind, 'violation');
});

test('what is no race because both accesses are atomic is told of, where nothing orders them', async () => {
  const meeting = async (...threads: Body[]): Promise<Set<string>> => {
    const near = new Set<string>();
    const onNear: RaceOptions['onNear'] = (...sites) => {
      for (const { functionName } of sites) near.add(functionName.replace('programs/', ''));
    };
    assert.equal((await detect(threads, {}, { onNear })).failure, undefined);
    return near;
  };
  const add = calling(['addWhole', COUNTER]);
  assert.deepEqual(await meeting(add, add), new Set(['addWhole']));
  assert.deepEqual(await meeting(add, calling(['addWhole', FLAG])), new Set());
});
