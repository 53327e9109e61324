/** Processes over one tier that differ: in how they store values, how long ones, and in clocks. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { MemoryStore, MemoryTier } from '../../../test/support/memory-tier.ts';
import { until } from '../../../test/support/tiered.ts';
import type { TierPolicy } from '../../tier/interface.ts';
import { SharedCache } from '../constructor.ts';

const HOUR_MS = 3_600_000;
const wall = Date.now;
afterEach(() => {
  Date.now = wall;
});

test('compressed and plain values are read by both', async () => {
  const store = new MemoryStore();
  const open = (compression: 'lz4' | 'none') =>
    new SharedCache<string>({
      ...{ maxSize: '8MiB', values: 'string', compression },
      tier: new MemoryTier(store),
    });
  const [packed, plain] = [open('lz4'), open('none')];
  const values = ['', 'short', 'value '.repeat(500), 'long '.repeat(40_000)];
  for (const [from, to] of [
    [packed, plain],
    [plain, packed],
  ] as const) {
    from.clear();
    from.setMany(values.map((value, i) => [`key:${i}`, value] as const));
    await from.flush();
    const keys = values.map((_, i) => `key:${i}`);
    assert.deepEqual(await to.getManyAsync(keys), values);
    // They are kept as they came, and read again from here.
    assert.deepEqual(to.getMany(keys), values);
    to.arena.check();
  }
  for (const cache of [packed, plain]) cache.close();
});

test('what goes there is what was set, whatever was read before', async () => {
  for (const compression of ['lz4', 'none'] as const) {
    const store = new MemoryStore();
    const open = () =>
      new SharedCache<string>({
        ...{ maxSize: '8MiB', values: 'string', compression },
        tier: new MemoryTier(store),
      });
    const [one, other] = [open(), open()];
    const [a, b] = ['a'.repeat(100), 'b'.repeat(100)];
    one.set('a', a);
    await one.flush();
    assert.equal(one.get('a'), a);
    one.set('b', b);
    await one.flush();
    assert.deepEqual(await other.getManyAsync(['a', 'b']), [a, b], compression);
    for (const cache of [one, other]) cache.close();
  }
});

test('a value too long for another process is handed out there, and not kept', async () => {
  const store = new MemoryStore();
  const open = (maxEntrySize: number) =>
    new SharedCache<string>({
      ...{ maxSize: '8MiB', values: 'string', maxEntrySize },
      tier: new MemoryTier(store),
    });
  const [large, small] = [open(500_000), open(1000)];
  const value = 'value '.repeat(10_000);
  large.set('key', value);
  await large.flush();
  assert.equal(await small.getAsync('key'), value);
  assert.equal(small.get('key'), undefined);
  assert.equal(await small.getAsync('key'), value);
  for (const cache of [large, small]) cache.close();
});

for (const [skew, what] of [
  [-HOUR_MS, 'behind'],
  [HOUR_MS, 'ahead'],
] as const) {
  test(`a writer whose clock is an hour ${what}: belief and the tier still end a value`, async () => {
    const store = new MemoryStore();
    const open = (policy: TierPolicy) =>
      new SharedCache<string>({
        ...{ maxSize: '8MiB', values: 'string' },
        tier: Object.assign(new MemoryTier(store), { policy }),
      });
    const [writer, reader] = [open({}), open({ maxStaleMs: 100 })];
    Date.now = () => wall() + skew;
    writer.set('timed', 'value', { ttl: 60_000 });
    writer.set('for ever', 'value');
    await writer.flush();
    Date.now = wall;
    // What tiers are given is a duration, by which a server takes its own time.
    const timed = store.frames.get('timed')!;
    timed.until = wall() + HOUR_MS;
    assert.equal(writer.get('timed'), 'value', 'its own is by no wall clock');
    const seen = await reader.getManyAsync(['timed', 'for ever']);
    assert.deepEqual(seen, [skew < 0 ? undefined : 'value', 'value']);
    timed.until = 0;
    await until(() => reader.get('timed') === undefined);
    assert.equal(await reader.getAsync('timed'), undefined);
    for (const cache of [writer, reader]) cache.close();
  });
}
