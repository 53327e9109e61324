/**
 * What is tried again when another thread has come between: how often, and what is said at last.
 * The kernel's answers are put in its mouth: to lose ten thousand times takes more luck than that.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { answers } from '../../test/support/answers.ts';
import * as facts from '../generated/facts.ts';
import { SharedCache } from '../index.ts';

const TRIES = 10_000;
const ROUNDS = 1000;
const busy = { name: 'BusyError', code: 'ERR_PAGELESS_BUSY' };

function open(): SharedCache<string> {
  return new SharedCache<string>({ maxSize: '4MiB', values: 'string' });
}

/** Has the kernel answer a call by `answer` so many times. @returns how often it was asked */
function answering(
  cache: SharedCache<string>,
  name: 'increment' | 'touch' | 'setIf' | 'getMore',
  answer: number,
  times: number,
): () => number {
  const { kernel } = cache.arena;
  const real = kernel[name] as (...numbers: number[]) => number;
  let asked = 0;
  Object.assign(kernel, {
    [name]: (...numbers: number[]) => (asked++ < times ? answer : real(...numbers)),
  });
  return () => asked;
}

const changes: [
  name: string,
  call: 'increment' | 'touch' | 'setIf',
  change: (cache: SharedCache<string>) => unknown,
  made: unknown,
  left: string,
][] = [
  ['increment', 'increment', (cache) => cache.increment('key'), 8, '8'],
  ['touch', 'touch', (cache) => cache.touch('key', { ttl: 60_000 }), true, '7'],
  ['update', 'setIf', (cache) => cache.update('key', (old) => `${old}8`), '78', '78'],
];

for (const [name, call, change, made, left] of changes) {
  test(`${name} is tried ${TRIES} times, and the last may succeed`, () => {
    using cache = open();
    cache.set('key', '7');
    const asked = answering(cache, call, facts.ERR_UNMET, TRIES - 1);
    assert.equal(change(cache), made);
    assert.equal(asked(), TRIES);
    assert.equal(cache.get('key'), left);
  });

  test(`${name} that loses each time is a BusyError, and changes nothing`, () => {
    using cache = open();
    cache.set('key', '7');
    const asked = answering(cache, call, facts.ERR_UNMET, TRIES);
    assert.throws(() => change(cache), busy);
    assert.equal(asked(), TRIES);
    assert.deepEqual([cache.get('key'), cache.info('key')?.ttl], ['7', Number.POSITIVE_INFINITY]);
    assert.equal(change(cache), made, 'and can be done afterwards');
    cache.arena.check();
  });
}

const long = Array.from({ length: 20_000 }, (_, i) => i).join();

test('a long value that is overwritten as it is read with its version is read again', () => {
  using cache = open();
  cache.set('key', long);
  const asked = answering(cache, 'getMore', facts.ERR_RESTART, ROUNDS - 1);
  assert.equal(cache.getWithVersion('key')?.value, long);
  assert.ok(asked() >= ROUNDS);
});

for (const [name, read] of [
  ['getWithVersion', (cache: SharedCache<string>) => cache.getWithVersion('key')],
  ['update', (cache: SharedCache<string>) => cache.update('key', () => assert.fail('called'))],
] as const) {
  test(`${name} of one that is overwritten each time is a BusyError`, () => {
    using cache = open();
    cache.set('key', long);
    const asked = answering(cache, 'getMore', facts.ERR_RESTART, ROUNDS);
    assert.throws(() => read(cache), busy);
    assert.equal(asked(), ROUNDS);
    assert.equal(cache.get('key'), long);
    cache.arena.check();
  });
}

test('eight threads that change one key all come to their end, and no change is lost', async () => {
  using cache = open();
  const index = JSON.stringify(new URL('../index.ts', import.meta.url).href);
  const start = new Int32Array(new SharedArrayBuffer(4));
  const each = 200;
  const script = `const { parentPort, workerData } = require('node:worker_threads');
    import(${index}).then(({ SharedCache }) => {
      const cache = SharedCache.attach(workerData.handle);
      parentPort.postMessage('ready');
      Atomics.wait(workerData.start, 0, 0);
      for (let i = 0; i < ${each}; i++) {
        cache.update('updated', (old = '0') => String(Number(old) + 1));
        cache.increment('counted');
      }
      cache.close();
    });`;
  const workerData = { handle: cache.handle, start };
  const workers = Array.from({ length: 8 }, () => new Worker(script, { eval: true, workerData }));
  const ends = workers.map((worker) => once(worker, 'exit'));
  await answers(workers);
  Atomics.store(start, 0, 1);
  Atomics.notify(start, 0);
  assert.deepEqual((await Promise.all(ends)).flat(), Array(8).fill(0));
  assert.deepEqual(cache.getMany(['updated', 'counted']), [`${8 * each}`, `${8 * each}`]);
  cache.arena.check();
});
