/** The zone's clock: nobody sets it, nobody goes below what others told, and sleep counts. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { createZone, type TestZone } from '../../test/support/zone.ts';
import { Arena, SharedCache } from '../index.ts';
import { adoptTime, noteTime, type TimeSources, ZoneClock } from './clock.ts';

const HOUR = 3_600_000;

/** A machine whose clocks a test moves. */
class Machine {
  stamp = 5000;
  wall = 1.8e12;
  uptime: number | undefined = 70_000;

  get sources(): TimeSources {
    return { stamp: () => this.stamp, wall: () => this.wall, uptime: () => this.uptime };
  }

  runs(ms: number): void {
    this.stamp += ms;
    this.wall += ms;
    if (this.uptime !== undefined) this.uptime += ms;
  }

  sleeps(ms: number): void {
    this.wall += ms;
    if (this.uptime !== undefined) this.uptime += ms;
  }
}

const memoryOf = ({ memory }: TestZone) => memory as unknown as WebAssembly.Memory;
const clockOn = (zone: TestZone, machine: Machine) =>
  new ZoneClock(zone.kernel, memoryOf(zone), undefined, machine.sources);

test('zone time begins with 1 and goes by the stamp, for every thread', () => {
  const zone = createZone();
  const machine = new Machine();
  const clock = clockOn(zone, machine);
  assert.equal(clock.now(), 1);
  machine.runs(1234.75);
  assert.equal(clock.now(), 1235);
  assert.equal(clockOn(zone, machine).now(), 1235);
});

test('a wall that is set moves nothing, for as long as one looks', () => {
  for (const set of [-HOUR, HOUR]) {
    const machine = new Machine();
    const clock = clockOn(createZone(), machine);
    machine.wall += set;
    for (let i = 1; i <= 100; i++) {
      machine.runs(500);
      assert.equal(clock.now(), 1 + 500 * i);
    }
  }
});

test('a thread that is behind goes by what others have told', () => {
  const zone = createZone();
  const [early, late] = [new Machine(), new Machine()];
  late.runs(7);
  const ahead = clockOn(zone, early);
  const behind = clockOn(zone, early);
  early.runs(100);
  assert.equal(ahead.now(), 101);
  early.stamp -= 3;
  assert.equal(behind.now(), 101);
  assert.equal(ahead.now(), 101, 'and nobody goes back');
});

test('an hour of sleep is an hour, for all threads, and counted once', () => {
  const zone = createZone();
  const machine = new Machine();
  const clocks = [clockOn(zone, machine), clockOn(zone, machine)];
  machine.runs(10_000);
  for (const clock of clocks) assert.equal(clock.now(), 10_001);
  machine.sleeps(HOUR);
  machine.runs(1500);
  for (const clock of clocks) {
    const late = 11_501 + HOUR - clock.now();
    // Where uptime is told in seconds a second may be missing, and never too much is added.
    assert.ok(late >= 0 && late <= 1000, `${late} ms late`);
  }
  machine.runs(20_000);
  assert.ok(31_501 + HOUR - clocks[0]!.now() <= 1000);
  assert.equal(clockOn(zone, machine).now(), clocks[1]!.now(), 'who comes later knows it, too');
});

test('where nobody knows how long the machine is up, sleep is not guessed', () => {
  const machine = new Machine();
  machine.uptime = undefined;
  const clock = clockOn(createZone(), machine);
  machine.sleeps(HOUR);
  machine.runs(5000);
  assert.equal(clock.now(), 5001);
});

for (const [name, passed, expected] of [
  ['an hour later', HOUR, HOUR],
  ['with a wall that was set back meanwhile', -HOUR, 0],
] as const) {
  test(`an image goes on ${name}`, () => {
    const zone = createZone();
    const machine = new Machine();
    clockOn(zone, machine);
    machine.runs(3000);
    noteTime(zone.kernel, machine.sources);
    // Another process, on a machine that was started anew.
    const next = new Machine();
    next.stamp = 17;
    next.wall = machine.wall + passed;
    adoptTime(zone.kernel, next.sources);
    const clock = clockOn(zone, next);
    assert.equal(clock.now(), 3001 + expected);
    next.runs(10);
    assert.equal(clock.now(), 3011 + expected);
  });
}

test('a cache loaded from an image keeps its times', () => {
  using cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string' });
  cache.set('hour', 'a', { ttl: HOUR });
  cache.set('short', 'b', { ttl: 1 });
  cache.set('never', 'c');
  const file = join(tempFolder(), 'cache.image');
  cache.arena.save(file);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3);
  using arena = Arena.load(file);
  using loaded = SharedCache.attach<string>({ ...cache.handle, arena: arena.handle });
  assert.deepEqual(
    ['hour', 'short', 'never'].map((key) => loaded.get(key)),
    ['a', undefined, 'c'],
  );
});

test('a wall set back an hour does not make a moment’s ttl live an hour', (context) => {
  using cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string' });
  cache.set('key', 'value', { ttl: 20 });
  context.mock.timers.enable({ apis: ['Date'], now: Date.now() - HOUR });
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 25);
  assert.equal(cache.get('key'), undefined);
});

test('no clock is read for what does not expire', () => {
  const { now, reads, tick } = fakeClock();
  using cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string', now });
  cache.set('never', 'a');
  const before = reads();
  cache.set('never', 'b');
  assert.equal(cache.get('never'), 'b');
  assert.equal(cache.peek('never'), 'b');
  assert.ok(cache.has('never') && !cache.has('missing'));
  assert.deepEqual([...cache.keys()], ['never']);
  cache.delete('missing');
  assert.equal(reads(), before);
  cache.set('soon', 'c', { ttl: 10 });
  assert.equal(reads(), before + 1);
  assert.equal(cache.get('never'), 'b');
  assert.equal(reads(), before + 1, 'not even beside one that does');
  assert.equal(cache.get('soon'), 'c');
  assert.equal(reads(), before + 2);
  tick(10);
  assert.equal(cache.has('soon'), false);
  assert.equal(cache.has('soon'), false, 'gone');
});

test('a clock of one’s own: misuse is a typed error, and changes nothing', () => {
  const error = /^InvalidArgumentError: now must be a function that returns milliseconds/;
  assert.throws(() => new SharedCache({ maxSize: '4MiB', now: 5 as never }), error);
  let time: unknown = 1;
  const now = () => time as number;
  using cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string', ttl: 10, now });
  cache.set('key', 'value');
  for (time of [Number.NaN, 'noon', undefined]) {
    assert.throws(() => cache.set('key', 'other'), /^InvalidArgumentError: now\(\) must be/);
    assert.throws(() => cache.get('key'), /^InvalidArgumentError: now\(\) must be/);
  }
  time = 2;
  assert.equal(cache.get('key'), 'value');
});

test('what would end 2^41 ms after the cache was made never does, and no clock goes so far', () => {
  let time = 1000;
  const last = 2 ** 41 - 1;
  const forEver = Number.POSITIVE_INFINITY;
  using cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string', now: () => time });
  const left = (ttl: number, staleFor = 0) => {
    cache.set('key', 'value', { ttl, staleFor });
    return cache.getRemainingTTL('key');
  };
  for (const ttl of [last - 2, 2 ** 41 - 1000]) assert.equal(left(ttl), ttl);
  for (const ttl of [last - 1, last, 2 ** 50, Number.MAX_SAFE_INTEGER]) {
    for (const staleFor of [0, 5, forEver]) assert.equal(left(ttl, staleFor), forEver);
    assert.equal(cache.info('key')?.ttl, forEver);
    assert.equal(cache.touch('key'), true);
    assert.equal(cache.getRemainingTTL('key'), forEver);
  }
  assert.equal(left(1000, Number.MAX_SAFE_INTEGER), 1000);
  cache.set('never', 'value', { ttl: last });
  time += last - 2;
  assert.equal(cache.get('key', { allowStale: true }), 'value');
  assert.equal(cache.get('never'), 'value');
  assert.equal(left(1), forEver);
  const far = /^InvalidArgumentError: now\(\) must be milliseconds, less than 2\^41 since/;
  cache.set('key', 'value');
  for (time of [time + 1, 2 ** 41 + 1000, Number.MAX_VALUE]) {
    assert.throws(() => cache.set('key', 'other', { ttl: 1000 }), far);
    assert.throws(() => cache.touch('key', { ttl: 1000 }), far);
  }
  time = 1000 + last - 2;
  assert.equal(cache.get('key'), 'value');
});

test('every thread brings the clock that the cache has', () => {
  const { now, tick } = fakeClock();
  using cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string', now });
  cache.set('key', 'value', { ttl: 10 });
  assert.throws(() => SharedCache.attach(cache.handle), /now must be the clock that the cache/);
  using other = SharedCache.attach<string>(cache.handle, { now });
  assert.equal(other.get('key'), 'value');
  tick(10);
  assert.equal(other.get('key'), undefined);
  using usual = new SharedCache({ maxSize: '4MiB' });
  assert.throws(() => SharedCache.attach(usual.handle, { now }), /now must be left out/);
  usual.arena.check();
});

test('a clock may use the cache, and may close it', () => {
  let use = () => {};
  const now = () => {
    use();
    return 1;
  };
  const cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string', now });
  cache.set('key', 'value', { ttl: 10 });
  cache.set('other', 'never');
  use = () => assert.equal(cache.get('other'), 'never');
  assert.equal(cache.get('key'), 'value');
  assert.ok(cache.has('key'));
  assert.equal(cache.set('next', 'one', { ttl: 10 }), true);
  assert.equal(cache.get('next'), 'one');
  use = () => cache.close();
  assert.throws(() => cache.get('key'), /^DisposedError/);
  assert.throws(() => cache.set('key', 'late'), /^DisposedError/);
});
