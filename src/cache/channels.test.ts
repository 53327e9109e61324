/** What is published on Node's diagnostics channels, and what `status.load` says. */
import assert from 'node:assert/strict';
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, test } from 'node:test';
import { SharedCache, type Status } from '../index.ts';

const cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string', staleFor: 60_000 });
afterEach(() => cache.clear());

test('pageless:metrics tells calls to who listens, and to nobody else', () => {
  const told: Record<string, unknown>[] = [];
  const listen = (message: unknown) => void told.push(message as Record<string, unknown>);
  cache.set('before', 'value');
  subscribe('pageless:metrics', listen);
  const status = {};
  assert.ok(cache.set('a', 'value', { status }));
  assert.equal(cache.get('a'), 'value');
  cache.get('b');
  cache.set('big', 'x'.repeat(2 ** 20));
  assert.ok(cache.delete('a'));
  assert.deepEqual(cache.setMany([['b', 'value']]), [true]);
  assert.deepEqual(cache.getMany(['b']), ['value']);
  assert.deepEqual(cache.deleteMany(['b', 'c']), [true, false]);
  const names = cache.namespace('names');
  names.set('a', 'value');
  unsubscribe('pageless:metrics', listen);
  cache.get('a');
  cache.getMany(['a']);
  const { cache: view, ...last } = told.pop()!;
  assert.equal(view, names);
  assert.deepEqual(last, { op: 'set', key: 'a', namespace: 'names', set: 'add', entrySize: 5 });
  for (const call of told) {
    assert.equal(call.cache, cache);
    delete call.cache;
  }
  assert.deepEqual(told, [
    { op: 'set', key: 'a', set: 'add', entrySize: 5 },
    { op: 'get', key: 'a', get: 'hit', entrySize: 5 },
    { op: 'get', key: 'b', get: 'miss' },
    { op: 'set', key: 'big', set: 'refused', refusal: 'too-large', entrySize: 2 ** 20 },
    { op: 'delete', key: 'a', isRemoved: true },
    { op: 'set', key: 'b', set: 'add', entrySize: 5 },
    { op: 'get', key: 'b', get: 'hit', entrySize: 5 },
    { op: 'delete', key: 'b', isRemoved: true },
    { op: 'delete', key: 'c', isRemoved: false },
  ]);
  assert.deepEqual(status, { set: 'add', entrySize: 5 });
});

test('the tracing channel tells computations and their errors', async () => {
  const told: [string, unknown][] = [];
  const channel = tracingChannel<string, { key: unknown; error?: Error }>('pageless');
  const note = (name: string) => (context: { key: unknown; error?: Error }) =>
    void told.push([name, context.error?.message ?? context.key]);
  const names = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const;
  const listeners = Object.fromEntries(names.map((name) => [name, note(name)]));
  channel.subscribe(listeners as never);
  assert.equal(await cache.getOrSet('a', async () => 'value'), 'value');
  assert.equal(await cache.getOrSet('a', () => 'unused'), 'value');
  const all = ['start', 'end', 'asyncStart', 'asyncEnd'];
  assert.deepEqual(
    told.splice(0),
    all.map((name) => [name, 'a']),
  );
  assert.equal(
    cache.getOrSetSync('b', () => 'value'),
    'value',
  );
  assert.deepEqual(
    told.splice(0),
    ['start', 'end'].map((name) => [name, 'b']),
  );
  const fail = () => {
    throw new Error('no value');
  };
  await assert.rejects(cache.getOrSet('c', fail), /no value/);
  assert.ok(told.splice(0).some(([name, what]) => name === 'error' && what === 'no value'));
  channel.unsubscribe(listeners as never);
  await cache.getOrSet('d', () => 'value');
  assert.deepEqual(told, []);
});

test('status.load tells where a value came from', async () => {
  const load = async (key: string, compute: () => string | Promise<string>, options = {}) => {
    const status: Status = {};
    await cache.getOrSet(key, compute, { status, ...options });
    return status.load;
  };
  const slow = () => new Promise<string>((resolve) => setImmediate(resolve, 'value'));
  assert.deepEqual(await Promise.all([load('a', slow), load('a', slow)]), ['computed', 'waited']);
  assert.equal(await load('a', slow), 'hit');
  assert.equal(await load('a', slow, { forceRefresh: true }), 'computed');
  const status: Status = {};
  cache.getOrSetSync('b', () => 'value', { status });
  assert.equal(status.load, 'computed');
  cache.getOrSetSync('b', () => 'value', { status });
  assert.equal(status.load, 'hit');
  await assert.rejects(load('c', slow, { status: 7 }), { code: 'ERR_PAGELESS_INVALID_ARGUMENT' });
});
