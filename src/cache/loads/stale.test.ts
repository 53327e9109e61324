/** `getOrSet` of what is stale, with tags, and what a file keeps of times. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { InvalidArgumentError, SharedCache, type Status } from '../../index.ts';

function timed() {
  const clock = { time: 1000 };
  const cache = new SharedCache<string>({
    ...{ maxSize: '4MiB', values: 'string', now: () => clock.time },
  });
  return { cache, clock };
}

test('what is stale is served at once, while one computes with it', async () => {
  const { cache, clock } = timed();
  cache.set('k', 'old', { ttl: 100, staleFor: 1000 });
  clock.time += 200;
  assert.equal(cache.get('k'), undefined);
  let calls = 0;
  let finish!: (value: string) => void;
  const compute = (_key: unknown, stale: string | undefined): Promise<string> => {
    calls++;
    assert.equal(stale, 'old');
    return new Promise((resolve) => {
      finish = resolve;
    });
  };
  const served = [1, 2, 3].map(() => cache.getOrSet('k', compute, { ttl: 100 }));
  assert.deepEqual(await Promise.all(served), ['old', 'old', 'old']);
  assert.equal(calls, 1);
  finish('new');
  await setImmediate();
  assert.equal(cache.get('k'), 'new');
  cache.close();
});

test('one computes for all that are served, though what it gives cannot be handed on', async () => {
  const { cache, clock } = timed();
  cache.set('k', 'old', { ttl: 100, staleFor: 1000 });
  clock.time += 200;
  for (const result of [undefined, 'x'.repeat(2 ** 20)]) {
    let calls = 0;
    const compute = async () => {
      calls++;
      await setImmediate();
      return result;
    };
    const served = [1, 2, 3, 4].map(() => cache.getOrSet('k', compute));
    assert.deepEqual(await Promise.all(served), Array(4).fill('old'));
    for (let turn = 0; turn < 4; turn++) await setImmediate();
    assert.equal(calls, 1);
  }
  assert.equal(cache.stats().loads.alone, 0);
  cache.close();
});

test('a refresh that fails leaves what is stale, and the next caller asks again', async () => {
  const { cache, clock } = timed();
  cache.set('k', 'old', { ttl: 100, staleFor: 1000 });
  clock.time += 200;
  const fail = (): Promise<string> => Promise.reject(new Error('source'));
  assert.equal(await cache.getOrSet('k', fail), 'old');
  await setImmediate();
  assert.equal(cache.stats().loads.failed, 1);
  assert.equal(await cache.getOrSet('k', () => 'new'), 'old');
  await setImmediate();
  assert.equal(await cache.getOrSet('k', fail), 'new');
  cache.close();
});

test('staleIfError gives what is there when a forced refresh fails', async () => {
  const { cache } = timed();
  cache.set('k', 'old');
  const fail = (): Promise<string> => Promise.reject(new Error('source'));
  await assert.rejects(cache.getOrSet('k', fail, { forceRefresh: true }), /source/);
  const options = { forceRefresh: true, staleIfError: true };
  assert.equal(await cache.getOrSet('k', fail, options), 'old');
  await assert.rejects(cache.getOrSet('none', fail, options), /source/);
  cache.close();
});

test('standing still: who gets the lease computes, and is given what is stale if that fails', () => {
  const { cache, clock } = timed();
  cache.set('k', 'old', { ttl: 100, staleFor: 1000 });
  clock.time += 200;
  const status: Status = {};
  const fail = (): string => {
    throw new Error('source');
  };
  assert.equal(cache.getOrSetSync('k', fail, { status }), 'old');
  assert.equal(status.load, 'stale');
  assert.equal(cache.stats().loads.failed, 1);
  const promise = (async () => 'new') as never;
  assert.throws(() => cache.getOrSetSync('k', promise), InvalidArgumentError);
  const seen: unknown[] = [];
  const compute = (_key: unknown, stale: string | undefined): string => {
    // Inside of the computation waiting would be waiting for itself.
    seen.push(
      stale,
      cache.getOrSetSync('k', () => assert.fail('another computes')),
    );
    return 'new';
  };
  assert.equal(cache.getOrSetSync('k', compute, { status, ttl: 0 }), 'new');
  assert.deepEqual([...seen, status.load], ['old', 'old', 'computed']);
  assert.equal(cache.get('k'), 'new');
  assert.throws(() => cache.getOrSetSync('k', fail, { forceRefresh: true }), /source/);
  const options = { forceRefresh: true, staleIfError: true };
  assert.equal(cache.getOrSetSync('k', fail, options), 'new');
  assert.throws(() => cache.getOrSetSync('none', fail, options), /source/);
  cache.close();
});

test('standing still: what this thread computes already is served stale, not refused', async () => {
  const { cache, clock } = timed();
  cache.set('k', 'old', { ttl: 100, staleFor: 1000 });
  clock.time += 200;
  const refresh = cache.getOrSet('k', async () => 'new', { forceRefresh: true });
  assert.equal(
    cache.getOrSetSync('k', () => assert.fail('another computes')),
    'old',
  );
  assert.equal(await refresh, 'new');
  cache.close();
});

test('what is computed has the tags of the call, or those that the function says', async () => {
  const { cache } = timed();
  await cache.getOrSet('a', () => 'v', { tags: ['one'] });
  cache.getOrSetSync(
    'b',
    (_key, _stale, { options }) => {
      options.tags = ['two'];
      options.staleFor = 50;
      options.ttl = 10;
      return 'v';
    },
    { tags: ['one'] },
  );
  assert.deepEqual(cache.info('a')?.tags, ['one']);
  assert.deepEqual(cache.info('b')?.tags, ['two']);
  cache.deleteTag('one');
  assert.deepEqual([cache.get('a'), cache.get('b')], [undefined, 'v']);
  cache.close();
});

test('a tag that is deleted after a computation began wins', async () => {
  const { cache } = timed();
  const compute = (): string => {
    cache.deleteTag('one');
    return 'old';
  };
  assert.equal(await cache.getOrSet('k', compute, { tags: ['one'] }), 'old');
  assert.equal(cache.get('k'), undefined);
  cache.close();
});

test('who waits for what a deletion kills gets it, but not who came after that', async () => {
  for (const isNamed of [false, true]) {
    const { cache } = timed();
    const view = isNamed ? cache.namespace('n') : cache;
    const remove = () => (isNamed ? view.clear() : view.deleteTag('one'));
    const finish: ((value: string) => void)[] = [];
    const compute = () => new Promise<string>((resolve) => finish.push(resolve));
    const ask = () => view.getOrSet('k', compute, { tags: isNamed ? [] : ['one'] });
    const early = [ask(), ask()];
    remove();
    const late = [ask(), ask()];
    finish[0]!('old');
    assert.deepEqual(await Promise.all(early), ['old', 'old']);
    assert.equal(view.get('k'), undefined);
    await setImmediate();
    assert.equal(finish.length, 2);
    finish[1]!('new');
    assert.deepEqual(await Promise.all(late), ['new', 'new']);
    assert.equal(view.get('k'), 'new');
    const { computed, waited, alone, discarded } = cache.stats().loads;
    assert.deepEqual(
      { computed, waited, alone, discarded },
      {
        ...{ computed: 2, waited: 2, alone: 0, discarded: 1 },
      },
    );
    cache.close();
  }
});

test('tags that are wrong are refused before anything is computed', async () => {
  const { cache } = timed();
  const never = (): string => assert.fail('called');
  await assert.rejects(cache.getOrSet('k', never, { tags: [''] }), InvalidArgumentError);
  await assert.rejects(cache.getOrSet('k', never, { staleFor: -1 }), InvalidArgumentError);
  cache.close();
});

test('a file keeps no entry longer than it is fresh', async () => {
  const folder = tempFolder();
  const { cache, clock } = timed();
  cache.set('k', 'v', { ttl: 60_000, staleFor: 3_600_000, tags: ['t'] });
  await cache.save(join(folder, 'file'));
  const loaded = await SharedCache.load<string>(join(folder, 'file'), { now: () => clock.time });
  assert.equal(loaded.get('k'), 'v');
  assert.ok(loaded.getRemainingTTL('k') <= 60_000);
  cache.close();
  loaded.close();
});

test('what another has set since the look is no stale value, and nobody computes it', async () => {
  const { cache } = timed();
  const { get } = cache;
  cache.get = (key) => {
    const found = get.call(cache, key);
    cache.set('k', 'new');
    return found;
  };
  const status: Status = {};
  assert.equal(await cache.getOrSet('k', () => assert.fail(), { status }), 'new');
  assert.equal(status.load, 'hit');
  const { misses, hits, loads } = cache.stats();
  assert.deepEqual([misses, hits, loads.waited], [1, 0, 1], 'counted as one that found none');
  cache.close();
});
