/** The checker itself: histories that are linearizable, and such that are not, each by a hair. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seeded } from '../support/seeded.ts';
import { findViolation } from './checker.ts';
import { type Kind, type Operation, REFUSED, stepEvicting, stepKept } from './key-model.ts';

/** `begin end kind value→old result`, of one key; without an end it is pending until 1,000. */
function history(...lines: string[]): Operation[] {
  return lines.map((line, i) => {
    const [span = '', kind, value = '0', old = '0', answer = '0'] = line.split(' ');
    const [begin, end] = span.split('-').map(Number);
    return {
      key: 0,
      kind: kind as Kind,
      call: kind!,
      writer: i,
      value: Number(value),
      old: Number(old),
      result: answer === 'refused' ? REFUSED : Number(answer),
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
};

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
    const common = { key: 0, call: kind, writer: i, old: 0, isPending: false };
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
    if (expected) explained++;
    else unexplained++;
  }
  assert.ok(explained > 100 && unexplained > 100, `${explained} and ${unexplained}`);
});
