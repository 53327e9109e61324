/** When the supervisor collects its heap: where that frees memory, and not too often. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Collection } from './collection.ts';
import { zoneIdOf } from './zone-id.ts';

const COST_MS = 60;

/** A memory that is one zone, and may become another. */
function memoryOf(zone: number) {
  const memory = { zone, zoneIdLo: () => memory.zone, zoneIdHi: () => 0 };
  return memory;
}

/** A supervisor whose time passes when it is told so. */
function supervisor() {
  const timers: { at: number; act: () => void }[] = [];
  const state = { now: 0, collected: [] as number[], held: new Set<string>() };
  const collect = () => {
    state.collected.push(state.now);
    state.now += COST_MS;
  };
  const wait = (act: () => void, ms: number) => {
    timers.push({ at: state.now + ms, act });
    return () => {};
  };
  const collection = new Collection(
    collect,
    (zone) => state.held.has(zone),
    () => state.now,
    wait,
  );
  return {
    state,
    timers,
    leave: (memory: ReturnType<typeof memoryOf>) => collection.leave(memory),
    hold: (memory: ReturnType<typeof memoryOf>) => state.held.add(zoneIdOf(memory)),
    /** Calls what is due until then. */
    pass(ms: number) {
      const until = state.now + ms;
      while (timers.length > 0 && timers[0]!.at <= until) {
        const { at, act } = timers.shift()!;
        state.now = Math.max(state.now, at);
        act();
      }
      state.now = Math.max(state.now, until);
    },
  };
}

test('a zone that is left is collected once, with all that are left by then', () => {
  const { state, timers, leave, pass } = supervisor();
  leave(memoryOf(1));
  pass(20);
  leave(memoryOf(2));
  pass(1000);
  assert.deepEqual(state.collected, [50]);
  assert.deepEqual(timers, []);
});

test('nothing is collected when the memory is another zone that is held', () => {
  const { state, leave, hold, pass } = supervisor();
  const memory = memoryOf(1);
  leave(memory);
  memory.zone = 2;
  hold(memory);
  pass(1000);
  assert.deepEqual(state.collected, []);
  const others = memoryOf(3);
  leave(memory);
  leave(others);
  others.zone = 4;
  pass(1000);
  assert.equal(state.collected.length, 1, 'one of two is another supervisor’s');
});

test('however often zones are left, a tenth of the time is the most that it takes', () => {
  const { state, leave, pass } = supervisor();
  for (let zone = 1; state.now < 60_000; zone++) {
    leave(memoryOf(zone));
    pass(55);
  }
  const share = (state.collected.length * COST_MS) / state.now;
  assert.ok(share <= 0.101 && share > 0.08, `${share}`);
  const gaps = state.collected.slice(1).map((at, i) => at - state.collected[i]!);
  assert.ok(gaps.every((gap) => gap >= 10 * COST_MS));
});
