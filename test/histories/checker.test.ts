/** The checker itself: histories that are linearizable, and such that are not, each by a hair. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seeded } from '../support/seeded.ts';
import { findViolation } from './checker.ts';
import {
  BUSY,
  changesNothing,
  type Kind,
  LEASED,
  type Operation,
  REFUSED,
  stepEvicting,
  stepKept,
} from './key-model.ts';
import { TTL, withTime } from './time-model.ts';

const answers: Record<string, number> = { refused: REFUSED, leased: LEASED, busy: BUSY };

/**
 * `begin-end@since-until kind value→old result`, of one key; without an end it is pending until
 * 1,000, and without times it is always 0.
 */
function history(...lines: string[]): Operation[] {
  return lines.map((line, i) => {
    const [when = '', kind, value = '0', old = '0', answer = '0'] = line.split(' ');
    const [span = '', times = '0-0'] = when.split('@');
    const [begin, end] = span.split('-').map(Number);
    const [since = 0, until = since] = times.split('-').map(Number);
    return {
      key: 0,
      kind: kind as Kind,
      call: kind!,
      writer: i,
      value: Number(value),
      old: Number(old),
      result: answers[answer] ?? Number(answer),
      since,
      until,
      begin: begin!,
      end: end || 1000 + i,
      isPending: !end,
      isSweep: kind === 'clear',
    };
  });
}

const isExplained = (lines: string[], step = stepKept): boolean =>
  findViolation(history(...lines), 0, step) === undefined;

const sound: Record<string, string[]> = {
  'who is killed in a set stops a computation, and changes nothing': [
    '1-2 lease 2 0 leased',
    '3- set 4',
    '4-5 fulfil 2',
    '6-7 get 0 0 0',
  ],
  'one after the other': ['1-2 set 2 0 1', '3-4 get 0 0 2', '5-6 delete 0 0 1', '7-8 get 0 0 0'],
  'a read within a set sees the old or the new': [
    '1-2 set 2 0 1',
    '3-9 set 4 0 1',
    '4-5 get 0 0 2',
    '6-7 get 0 0 4',
  ],
  'of two sets at a time either is the last': [
    '1-8 set 2 0 1',
    '2-7 set 4 0 1',
    '3-4 get 0 0 4',
    '9-10 get 0 0 2',
  ],
  'what a killed thread was about has happened': ['1- set 2 0 0', '3-4 get 0 0 2'],
  'or never does': ['1- set 2 0 0', '3-4 get 0 0 0', '5-6 add 4 0 1', '7-8 get 0 0 4'],
  'or late, before its death is repaired': ['1- set 2 0 0', '3-4 get 0 0 0', '5-6 get 0 0 2'],
  'increments of three threads': [
    '1-9 increment 1 0 2',
    '2-8 increment 1 0 3',
    '3-7 increment 1 0 1',
  ],
  'a clear takes out what comes back meanwhile': [
    '1-2 set 2 0 1',
    '3-20 clear',
    '4-5 get 0 0 0',
    '6-7 set 4 0 1',
    '8-9 get 0 0 4',
    '10-11 get 0 0 0',
  ],
  'who is told no has changed nothing': [
    '1-2 set 2 0 1',
    '3-4 setIfVersion 4 2 0',
    '5-6 get 0 0 2',
  ],
  'what was computed is there for who has waited': [
    '1-3 lease 2 0 leased',
    '2-9 lease 4 0 2',
    '4-8 fulfil 2',
    '10-11 get 0 0 2',
  ],
  'or is not, if somebody has set meanwhile': [
    '1-3 lease 2 0 leased',
    '2-9 lease 4 0 2',
    '5-6 set 6 0 1',
    '4-8 fulfil 2',
    '10-11 get 0 0 6',
  ],
  'two compute, and one of them stores': [
    '1-3 lease 2 0 leased',
    '4-5 lease 4 0 leased',
    '6-7 fulfil 4',
    '8-9 fulfil 2',
    '10-11 get 0 0 4',
  ],
};

const wrong: Record<string, string[]> = {
  'an old value after a newer one was read': [
    '1-2 set 2 0 1',
    '3-12 set 4 0 1',
    '4-5 get 0 0 4',
    '6-7 get 0 0 2',
  ],
  'an old value after the set is over': ['1-2 set 2 0 1', '3-4 set 4 0 1', '5-6 get 0 0 2'],
  'a value that nobody set': ['1-2 set 2 0 1', '3-4 get 0 0 6'],
  'a value before it was set': ['1-2 get 0 0 2', '3-4 set 2 0 1'],
  'a miss of what was set': ['1-2 set 2 0 1', '3-4 get 0 0 0'],
  'two adds that both succeed': ['1-4 add 2 0 1', '2-3 add 4 0 1'],
  'two deletes of one value': ['1-2 set 2 0 1', '3-6 delete 0 0 1', '4-5 delete 0 0 1'],
  'a lost increment': ['1-4 increment 1 0 1', '2-3 increment 1 0 1'],
  'an update of a value that was gone': ['1-2 set 2 0 1', '3-4 set 4 0 1', '5-6 update 6 2 6'],
  'a killed set that comes after its death was repaired': [
    '1- set 2 0 0',
    '2000-2001 get 0 0 0',
    '2002-2003 get 0 0 2',
  ],
  'a killed set whose value comes back': [
    '1- set 2 0 0',
    '3-4 get 0 0 2',
    '5-6 delete 0 0 1',
    '7-8 get 0 0 2',
  ],
  'a clear that leaves what was there': ['1-2 set 2 0 1', '3-4 clear', '5-6 get 0 0 2'],
  'a tagged value that outlives its tag': ['1-2 set 3 0 1', '3-4 deleteTag', '5-6 has 0 0 1'],
  'a set that was refused without need': ['1-2 set 2 0 refused'],
  'what was computed before a deletion, after it': [
    '1-2 lease 2 0 leased',
    '4-5 delete',
    '3-6 fulfil 2',
    '7-8 get 0 0 2',
  ],
  'what was computed before its tag was deleted': [
    '1-2 lease 3 0 leased',
    '4-5 deleteTag',
    '3-6 fulfil 3',
    '7-8 get 0 0 3',
  ],
  'what was computed, over what was set': [
    '1-2 lease 2 0 leased',
    '4-5 set 4 0 1',
    '3-6 fulfil 2',
    '7-8 get 0 0 2',
  ],
  'a computation that a refused change has stopped': [
    '1-2 lease 2 0 leased',
    '3-4 replace 4 0 0',
    '5-6 fulfil 2',
    '7-8 get 0 0 0',
  ],
  'what was computed and is nowhere': ['1-2 lease 2 0 leased', '3-4 fulfil 2', '5-6 get 0 0 0'],
  'a computation while there is a value': ['1-2 set 2 0 1', '3-4 lease 4 0 leased'],
  'a result that was overtaken before who got it asked': [
    '1-2 lease 2 0 leased',
    '4-5 delete',
    '6-9 lease 4 0 2',
    '3-8 fulfil 2',
  ],
};

/** Of values with the tag of times, that live for TTL steps: set at 0, they are over at TTL. */
const timed: [isExplained: boolean, what: string, lines: string[]][] = [
  [true, 'it is there before its time', ['1-2@0 set 2 0 1', `3-4@${TTL - 1} get 0 0 2`]],
  [false, 'a miss before its time', ['1-2@0 set 2 0 1', `3-4@${TTL - 1} get 0 0 0`]],
  [true, 'a miss after it', ['1-2@0 set 2 0 1', `3-4@${TTL} get 0 0 0`]],
  [false, 'a hit after it', ['1-2@0 set 2 0 1', `3-4@${TTL} get 0 0 2`]],
  [true, 'either, across it', ['1-2@0 set 2 0 1', `3-4@${TTL - 1}-${TTL} get 0 0 0`]],
  [
    true,
    'a slow reader that sees what is over for others',
    ['1-2@0 set 2 0 1', `3-9@${TTL - 1}-${TTL} get 0 0 2`, `5-6@${TTL} get 0 0 0`],
  ],
  [
    false,
    'a touched one that has not its time',
    ['1-2@0 set 2 0 1', '3-4@1 touch 0 0 1', `5-6@${TTL} get 0 0 0`],
  ],
  [
    true,
    'an update keeps the time',
    ['1-2@0 set 2 0 1', '3-4@1 update 8 2 8', `5-6@${TTL} get 0 0 0`],
  ],
  [
    false,
    'an update that begins it anew',
    ['1-2@0 set 2 0 1', '3-4@1 update 8 2 8', `5-6@${TTL} get 0 0 8`],
  ],
  [
    true,
    'who computes what is over',
    [
      '1-2@0 set 2 0 1',
      `3-4@${TTL} lease 4 0 leased`,
      `5-6@${TTL} fulfil 4`,
      `7-8@${TTL} get 0 0 4`,
    ],
  ],
];
for (const [isExplainedSo, what, lines] of timed) {
  test(`with time ${isExplainedSo ? '' : 'not '}linearizable: ${what}`, () =>
    assert.equal(
      isExplained(
        lines,
        withTime(stepKept, (value) => value === 2),
      ),
      isExplainedSo,
    ));
}

for (const [name, lines] of Object.entries(sound)) {
  test(`linearizable: ${name}`, () => assert.ok(isExplained(lines)));
}
for (const [name, lines] of Object.entries(wrong)) {
  test(`not linearizable: ${name}`, () => assert.ok(!isExplained(lines)));
}

test('a cache that is short of memory may forget, and is not stale for that', () => {
  assert.ok(isExplained(['1-2 set 2 0 1', '3-4 get 0 0 0'], stepEvicting));
  assert.ok(!isExplained(['1-2 set 2 0 1', '3-4 set 4 0 1', '5-6 get 0 0 2'], stepEvicting));
  assert.ok(!isExplained(['1-2 set 2 0 1', '3-4 get 0 0 0', '5-6 get 0 0 2'], stepEvicting));
  assert.ok(isExplained(['1-2 set 2 0 1', '3-4 set 4 0 refused', '5-6 get 0 0 0'], stepEvicting));
  assert.ok(isExplained(['1-2 set 2 0 1', '3- replace 4', '5-6 get 0 0 4'], stepEvicting));
  assert.ok(!isExplained(['1-2 set 2 0 1', '3-4 set 4 0 refused', '5-6 get 0 0 4'], stepEvicting));
});

/** A history that some order of these operations has made; begins and ends are drawn around. */
function made(int: (n: number) => number): Operation[] {
  const state = { value: 0 };
  return Array.from({ length: 6 }, (_, i) => {
    const at = 10 * (i + 1);
    const [begin, end] = [at - int(25) - 0.01 * i, at + int(25) + 0.01 * (i + 1)];
    const kind = (['get', 'set', 'delete', 'add'] as const)[int(4)]!;
    const isThere = Number(state.value !== 0);
    const value = 2 * (i + 1);
    const result = { get: state.value, set: 1, delete: isThere, add: 1 - isThere }[kind];
    if (kind === 'set' || (kind === 'add' && !isThere)) state.value = value;
    if (kind === 'delete') state.value = 0;
    const common = { key: 0, call: kind, writer: i, old: 0, isPending: false, since: 0, until: 0 };
    return { ...common, kind, value, result, begin, end };
  });
}

/** Whether some order explains it, found by trying all of them. */
function isExplainedByForce(left: Operation[], state = 0): boolean {
  if (left.length === 0) return true;
  const firstEnd = Math.min(...left.map(({ end }) => end));
  return left.some(
    (one) =>
      one.begin <= firstEnd &&
      stepKept(state, one).some((next) =>
        isExplainedByForce(
          left.filter((other) => other !== one),
          next,
        ),
      ),
  );
}

test('it says what trying every order says', () => {
  const run = seeded('checker');
  let explained = 0;
  let unexplained = 0;
  for (let round = 0; round < 2000 || run.hasTime(); round++) {
    const operations = made(run.int);
    assert.equal(findViolation(operations, 0, stepKept), undefined);
    const one = run.int(operations.length);
    const changed = operations.map((operation, i) =>
      i === one ? { ...operation, result: [0, 1, 2, 4, 6][run.int(5)]! } : operation,
    );
    const expected = isExplainedByForce(changed);
    assert.equal(findViolation(changed, 0, stepKept) === undefined, expected);
    const marked = changed.map((one) => ({ ...one, isInert: changesNothing(one) }));
    assert.equal(findViolation(marked, 0, stepKept) === undefined, expected);
    if (expected) explained++;
    else unexplained++;
  }
  assert.ok(explained > 100 && unexplained > 100, `${explained} and ${unexplained}`);
});
