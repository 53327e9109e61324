/** Tags: many entries die at once, none of them comes back, and none lives that should not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedCache } from '../../index.ts';

const open = (maxSize = '8MiB') => new SharedCache({ maxSize, values: 'string' });

test('deleteTag deletes what has the tag, and nothing else', () => {
  using cache = open();
  cache.set('a', '1', { tags: ['x'] });
  cache.set('b', '2', { tags: ['x', 'y'] });
  cache.set('c', '3', { tags: ['y'] });
  cache.set('d', '4');
  cache.deleteTag('nothing');
  assert.equal(cache.size, 4);
  cache.deleteTag('x');
  for (const key of ['a', 'b']) {
    assert.equal(cache.has(key), false);
    assert.equal(cache.get(key, { allowStale: true }), undefined);
    assert.equal(cache.info(key), undefined);
    assert.equal(cache.getRemainingTTL(key), 0);
  }
  assert.equal(cache.delete('b'), false);
  assert.deepEqual([...cache.keys()].sort(), ['c', 'd']);
  assert.equal(cache.replace('a', '5'), false);
  assert.equal(cache.add('a', '5', { tags: ['x'] }), true, 'what comes after it lives');
  assert.equal(cache.get('a'), '5');
  cache.deleteTag('x');
  assert.equal(cache.has('a'), false);
  cache.arena.check();
});

test('eight tags of 256 bytes; with a long key they may be too long together', () => {
  using cache = open();
  const tags = Array.from({ length: 8 }, (_, i) => `${i}`.repeat(256));
  assert.equal(cache.set('key', 'a', { tags, ttl: 12_345, staleFor: 1 }), true);
  assert.deepEqual(cache.info('key')?.tags, tags);
  assert.equal(cache.get('key'), 'a');
  const long = 'k'.repeat(2048);
  assert.throws(() => cache.set(long, 'a', { tags }), /^InvalidArgumentError: tags/);
  assert.equal(cache.set(long, 'a', { tags: tags.slice(0, 6) }), true);
  for (const length of [1, 2, 3, 4, 5, 100, 1000]) {
    const key = 'k'.repeat(length);
    assert.equal(cache.set(key, 'b', { tags: ['ü', 'x'.repeat(length % 256 || 1)] }), true);
    assert.equal(cache.get(key), 'b');
  }
  cache.deleteTag(tags[7]!);
  assert.equal(cache.has('key'), false);
  assert.equal(cache.has(long), true);
  cache.deleteTag('ü');
  assert.equal(cache.size, 8);
  assert.deepEqual([...cache.keys()], [long]);
  assert.equal(cache.purgeStale(), 7);
  cache.arena.check();
});

test('of many tags no more is read than tells that they are too many, or none', () => {
  using cache = new SharedCache({ maxSize: '4MiB', values: 'string' });
  let reads = 0;
  const many = new Proxy(
    Array.from({ length: 100 }, (_, i) => `${i}`),
    {
      get(tags, name, self) {
        if (typeof name === 'string' && name !== 'length') reads++;
        return Reflect.get(tags, name, self);
      },
    },
  );
  const tooMany = /^InvalidArgumentError: tags must be .*up to 8 texts.*; 100 of them$/;
  assert.throws(() => cache.set('key', 'a', { tags: many }), tooMany);
  assert.ok(reads < 20, `${reads} reads`);
  const holes = new Array<string>(2 ** 32 - 1);
  assert.throws(() => cache.set('key', 'a', { tags: holes }), /tag must be a text/);
  assert.equal(cache.set('key', 'a', { tags: new Array<string>(100).fill('one') }), true);
  assert.deepEqual(cache.info('key')?.tags, ['one']);
});

test('update keeps tags, and is made of nothing that was deleted meanwhile', () => {
  using cache = open();
  cache.set('key', 'a', { tags: ['x'] });
  cache.update('key', (old) => `${old}b`);
  assert.deepEqual(cache.info('key')?.tags, ['x']);
  cache.update('key', (old) => {
    cache.deleteTag('x');
    return old === undefined ? 'new' : `${old}c`;
  });
  assert.equal(cache.get('key'), 'new');
  cache.set('key', 'a', { tags: ['x'] });
  cache.update('key', () => 'b', { tags: [] });
  cache.deleteTag('x');
  assert.equal(cache.get('key'), 'b');
  cache.increment('n', 1, { tags: ['n'] });
  cache.deleteTag('n');
  assert.equal(cache.has('n'), false);
});

test('what update has made before its tag was deleted is dead, at whichever try it is stored', () => {
  for (const losses of [0, 1, 2]) {
    using cache = open();
    let runs = 0;
    cache.update(
      'key',
      () => {
        // Every line of the only leaf gets another version.
        if (runs < losses + 1) for (let i = 0; i < 300; i++) cache.set(`beside ${i}`, 'x');
        if (runs++ === 2) cache.deleteTag('x');
        return 'made';
      },
      { tags: ['x'] },
    );
    assert.equal(cache.has('key'), runs < 3, `${losses} losses, ${runs} runs`);
  }
});

test('more tags are deleted than are remembered: none of the dead comes back', () => {
  using cache = open();
  const keys = Array.from({ length: 3000 }, (_, i) => `key ${i}`);
  for (const [i, key] of keys.entries()) cache.set(key, 'x', { tags: [`tag ${i}`] });
  for (let i = 0; i < keys.length; i++) {
    cache.deleteTag(`tag ${i}`);
    if (i % 500 === 0) assert.ok(keys.slice(0, i + 1).every((key) => !cache.has(key)));
  }
  assert.deepEqual([...cache.keys()], []);
  for (const [i, key] of keys.entries()) cache.set(key, 'y', { tags: [`tag ${i}`] });
  assert.equal([...cache.keys()].length, keys.length, 'what is new lives');
});

test('tags that nobody has kill next to nobody, here or in a namespace', () => {
  using cache = open('64MiB');
  const kinds = [cache, cache.namespace('a', { values: 'string' })];
  const tagged = 2000;
  for (const kind of kinds) {
    for (let i = 0; i < tagged; i++) kind.set(`key ${i}`, 'x', { tags: [`user ${i}`] });
  }
  const others = cache.namespace('b', { values: 'string' });
  const lost = () => 2 * tagged - kinds.reduce((sum, kind) => sum + [...kind.keys()].length, 0);
  for (let i = 0; i < 1000; i++) others.deleteTag(`nobody ${i}`);
  assert.equal(lost(), 0);
  for (let i = 1000; i < 10_000; i++) others.deleteTag(`nobody ${i}`);
  assert.ok(lost() <= tagged / 50, `${lost()} of ${2 * tagged} are lost after 10,000`);
  cache.deleteTag('user 7');
  assert.deepEqual(
    kinds.map((kind) => kind.has('key 7')),
    [false, true],
  );
});

test('the dead go before the living when memory is short', () => {
  using cache = open('16MiB');
  const noise = (i: number) => `${Math.sin(i)}`.repeat(20);
  const living = 4000;
  const dead = 12_000;
  for (let i = 0; i < dead + living; i++) {
    const isLiving = i % 4 === 0;
    const options = isLiving ? {} : { tags: ['dead'] };
    cache.set(`${isLiving ? 'living' : 'dead'} ${i}`, noise(i), options);
  }
  assert.equal(cache.stats().evictions, 0);
  cache.deleteTag('dead');
  const expired = () => cache.stats().expirations;
  for (let i = 0; expired() < dead / 2; i++) cache.set(`new ${i}`, noise(i));
  assert.equal(cache.stats().evictions, 0);
  for (let i = 0; i < dead + living; i += 4) assert.ok(cache.has(`living ${i}`));
  const left = dead - expired();
  assert.equal(cache.purgeStale(), left);
  cache.arena.check();
});

test('tags are of all threads', async () => {
  using cache = open();
  using other = SharedCache.attach<string>(cache.handle);
  cache.set('key', 'a', { tags: ['x'] });
  other.deleteTag('x');
  assert.equal(cache.get('key'), undefined);
});

test('long tags of a long key leave alone what waits to be freed', () => {
  using cache = open();
  const tags = Array.from({ length: 8 }, (_, i) => `${i}`.repeat(256));
  for (let round = 0; round < 100; round++) {
    cache.set('overwritten', `${round}`);
    cache.set('k'.repeat(1500), 'value', { tags });
  }
  for (let round = 0; round < 1000; round++) cache.set('overwritten', `${round}`);
  cache.arena.check();
  cache.clear();
  cache.arena.check();
});
