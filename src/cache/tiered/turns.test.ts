/** Several threads that miss the same keys: the tier is asked once for all of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryTier } from '../../../test/support/memory-tier.ts';
import { openTiered, until } from '../../../test/support/tiered.ts';
import type { TierPolicy } from '../../tier/interface.ts';
import { SharedCache } from '../constructor.ts';

/** Two threads of one cache, and another process that has set `key:0` to `key:599`. */
async function openTwo(policy: TierPolicy = {}, policyOfTwo = policy) {
  const other = openTiered();
  const { store } = other;
  for (let i = 0; i < 600; i++) other.cache.set(`key:${i}`, `value ${i}`);
  await other.cache.flush();
  const one = openTiered({ store, policy });
  const tier = Object.assign(new MemoryTier(store), { policy: policyOfTwo });
  const two = { tier, cache: SharedCache.attach<string>(one.cache.handle, { tier }) };
  const close = () => {
    for (const { cache } of [two, one, other]) cache.close();
  };
  const asked = () => [store.calls.getMany, store.calls.keys - 600];
  return { other, one, two, store, asked, close };
}

/** Has a tier answer when it is told to. */
function holdAnswers(tier: MemoryTier): () => void {
  let release!: () => void;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  tier.after = (call) => (call === 'getMany' ? released : undefined);
  return release;
}

test('one question for two threads, whichever calls they make', async () => {
  const { one, two, asked, close } = await openTwo();
  const values = await Promise.all([
    one.cache.getAsync('key:1'),
    two.cache.getAsync('key:1'),
    two.cache.getManyAsync(['key:1', 'key:2']),
    one.cache.getOrSet('key:2', () => assert.fail('it is there')),
  ]);
  assert.deepEqual(values, ['value 1', 'value 1', ['value 1', 'value 2'], 'value 2']);
  assert.deepEqual(asked(), [2, 2], 'calls, and keys');
  close();
});

test('threads that ask for overlapping keys do not wait for each other’s waiting', async () => {
  const { one, two, asked, close } = await openTwo({ timeoutMs: 600_000 });
  const keys = Array.from({ length: 600 }, (_, i) => `key:${i}`);
  const [there, back] = [keys.slice(0, 400), keys.slice(200).reverse()];
  const first = one.cache.getManyAsync(there.slice(0, 300));
  const [some, others] = [two.cache.getManyAsync(back), one.cache.getManyAsync(there)];
  const expected = (key: string) => key.replace('key:', 'value ');
  assert.deepEqual(await first, there.slice(0, 300).map(expected));
  assert.deepEqual(await some, back.map(expected));
  assert.deepEqual(await others, there.map(expected));
  const [, seen] = asked();
  assert.ok(seen! < 700, `${seen} keys: each once, but for those that share a slot by chance`);
  close();
});

test('what the tier does not have is asked for once as well', async () => {
  const { one, two, asked, close } = await openTwo();
  const none = await Promise.all([one, two].map(({ cache }) => cache.getAsync('none')));
  assert.deepEqual(
    [none, asked()],
    [
      [undefined, undefined],
      [1, 1],
    ],
  );
  assert.equal(await two.cache.getAsync('none'), undefined);
  assert.deepEqual(asked(), [2, 2], 'later it is asked again');
  close();
});

test('what cannot be kept, or was not answered, is asked for by each', async () => {
  const { one, two, asked, close } = await openTwo();
  one.tier.after = (call) => {
    if (call === 'getMany') throw new Error('down');
  };
  const values = [one, two].map(({ cache }) => cache.getAsync('key:1'));
  assert.deepEqual(await Promise.all(values), [undefined, 'value 1']);
  one.tier.after = () => undefined;
  const release = holdAnswers(one.tier);
  const outrun = [one, two].map(({ cache }) => cache.getAsync('key:2'));
  one.tier.hear({ type: 'changed', keys: [Buffer.from('key:2')] });
  assert.equal(await outrun[1], 'value 2', 'at once, when the first is outrun');
  release();
  assert.equal(await outrun[0], 'value 2');
  assert.deepEqual(asked(), [4, 4]);
  close();
});

test('who does not answer costs the others a quarter of the time-out', async () => {
  const { one, two, asked, close } = await openTwo({ timeoutMs: 600_000 }, { timeoutMs: 4000 });
  const release = holdAnswers(one.tier);
  const stuck = one.cache.getAsync('key:1');
  const start = performance.now();
  assert.equal(await two.cache.getAsync('key:1'), 'value 1');
  assert.ok(performance.now() - start >= 900, 'it did wait');
  release();
  assert.equal(await stuck, 'value 1');
  assert.deepEqual(asked(), [2, 2]);
  close();
});

test('a cache that is closed while it asks keeps nobody waiting', async () => {
  const { one, two, close } = await openTwo({ timeoutMs: 600_000 });
  const release = holdAnswers(one.tier);
  const gone = { code: 'ERR_PAGELESS_DISPOSED' };
  const stuck = assert.rejects(one.cache.getAsync('key:1'), gone);
  const value = two.cache.getAsync('key:1');
  one.cache.close();
  assert.equal(await value, 'value 1');
  await stuck;
  release();
  close();
});

test('two calls of a thread for overlapping keys ask for each key once', async () => {
  const { one, asked, close } = await openTwo();
  const values = await Promise.all([
    one.cache.getManyAsync(['key:1', 'key:2']),
    one.cache.getManyAsync(['key:2', 'key:3', 'key:2']),
  ]);
  assert.deepEqual(values, [
    ['value 1', 'value 2'],
    ['value 2', 'value 3', 'value 2'],
  ]);
  assert.deepEqual(asked(), [1, 3]);
  close();
});

test('news that come while later keys of the call are awaited outrun the earlier ones', async () => {
  const { one, other, asked, close } = await openTwo();
  const keys = Array.from({ length: 300 }, (_, i) => `key:${i}`);
  let calls = 0;
  one.tier.after = async (call) => {
    if (call !== 'getMany' || ++calls === 2) return;
    // The first batch is answered last.
    await sleep(5);
    other.cache.set('key:299', 'new');
    await other.cache.flush();
  };
  const values = await one.cache.getManyAsync(keys);
  assert.equal(values[299], 'value 299');
  assert.equal(one.cache.get('key:299'), undefined, 'not kept');
  assert.equal(one.cache.get('key:0'), 'value 0');
  assert.deepEqual(asked()[0], 2);
  close();
});

test('news outrun what was answered and not taken yet, though somebody has asked since', async () => {
  const { one, other, close } = await openTwo();
  let release!: () => void;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let calls = 0;
  one.tier.after = (call) => (call === 'getMany' && ++calls === 1 ? held : undefined);
  // Of two calls the second is answered first, and what it brings is taken when both are.
  const many = one.cache.getManyAsync(Array.from({ length: 300 }, (_, i) => `key:${i}`));
  await until(() => calls === 2);
  assert.equal(await one.cache.getAsync('key:299'), 'value 299');
  other.cache.set('key:299', 'new');
  await other.cache.flush();
  assert.equal(one.cache.get('key:299'), undefined);
  release();
  await many;
  assert.equal(one.cache.get('key:299'), undefined, 'the old value is not kept');
  assert.equal(one.cache.get('key:298'), 'value 298');
  close();
});
