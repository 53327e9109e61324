/** What threads tell each other of their writes: whether the tier has what is older. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LocalWrites } from './local-writes.ts';

const dead = new Set<number>();
const isLive = (owner: number) => !dead.has(owner);

/** Two threads, 1 and 2, and one that sends nothing. */
function openThree(): LocalWrites[] {
  const buffer = LocalWrites.create();
  dead.clear();
  return [1, 2, 3].map((owner) => new LocalWrites(buffer, owner < 3, { owner, isLive }));
}

/** Of each thread whether the tier is behind of a key. */
const seen = (threads: LocalWrites[], key = 'key') =>
  threads.map((thread) => thread.isTierBehind(key));

test('a write waits from its mark until it has arrived, for all but its own thread', () => {
  const threads = openThree();
  const [one, two] = threads as [LocalWrites, LocalWrites];
  one.mark('key');
  assert.deepEqual(seen(threads), [false, true, true]);
  assert.deepEqual(seen(threads, 'other'), [false, false, false]);
  two.arrived('key');
  assert.deepEqual(seen(threads), [false, true, true], 'that of another');
  one.arrived('key');
  assert.deepEqual(seen(threads), [false, false, false]);
});

test('the last thread that wrote a key is the one that counts', () => {
  const threads = openThree();
  const [one, two, silent] = threads as [LocalWrites, LocalWrites, LocalWrites];
  one.mark('key');
  two.mark('key');
  assert.deepEqual(seen(threads), [true, false, true]);
  one.arrived('key');
  assert.deepEqual(seen(threads), [true, false, true], 'what was superseded');
  assert.deepEqual([one.standing('key', 0), two.standing('key', 1)], ['superseded', 'last']);
  silent.mark('key');
  assert.deepEqual(seen(threads), [false, false, false], 'it sends nothing');
});

test('what a dead thread has left waiting waits no more', () => {
  const threads = openThree();
  const [one, two] = threads as [LocalWrites, LocalWrites];
  one.mark('key');
  two.awaitClear();
  assert.deepEqual(seen(threads), [true, true, true]);
  dead.add(2);
  assert.deepEqual(seen(threads), [false, true, true]);
  dead.add(1);
  assert.deepEqual(seen(threads), [false, false, false]);
});

test('a clear waits for all keys; of two one is enough', () => {
  const threads = openThree();
  const [one, two] = threads as [LocalWrites, LocalWrites];
  one.awaitClear();
  assert.deepEqual(seen(threads), [true, true, true]);
  two.awaitClear();
  one.clearArrived();
  assert.deepEqual(seen(threads), [true, true, true]);
  two.clearArrived();
  assert.deepEqual(seen(threads), [false, false, false]);
});

test('a count moves when a write begins, and when its mark is made', () => {
  const [one, two] = openThree() as [LocalWrites, LocalWrites];
  const slot = one.slotOf('key');
  const counts = [two.count(slot)];
  one.note('key');
  counts.push(two.count(slot));
  one.mark('key');
  counts.push(two.count(slot));
  assert.equal(new Set(counts).size, 3);
});
