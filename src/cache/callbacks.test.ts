/**
 * The user's own code in the middle of a call: codecs, `toJSON`, getters of options. Whatever it
 * does there, close, throw, call again or fill the stack, is its caller's affair and nobody else's.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextCacheIn } from '../../test/support/next-cache.ts';
import { settled } from '../../test/support/settled.ts';
import { Arena, SharedCache, type ValueCodec } from '../index.ts';
import { pause } from '../threads/pause.ts';

const disposed = { code: 'ERR_PAGELESS_DISPOSED' };
const text = new TextEncoder();

/** A codec of texts that does something of the user's on each way. */
function codecWith(before: () => void, after: () => void = () => {}): ValueCodec<string> {
  return {
    serialize: (value) => {
      before();
      return text.encode(value);
    },
    deserialize: (bytes) => {
      after();
      return new TextDecoder().decode(bytes);
    },
  };
}

/** Another cache's handle on the same zone sees whether the zone still is what it was. */
function withWitness<T>(
  values: ValueCodec<T> | 'json',
  run: (cache: SharedCache<T>, witness: SharedCache<string>) => void,
): void {
  using cache = new SharedCache<T>({ maxSize: '4MiB', values: values as ValueCodec<T> });
  const handle = { ...cache.handle, values: 'string' as const };
  using witness = SharedCache.attach<string>(handle);
  witness.set('mine', 'untouched');
  run(cache, witness);
  assert.equal(witness.get('mine'), 'untouched');
  witness.arena.check();
}

/** Ways in which a user's code comes to run inside `set`. */
const ways: Record<string, (act: () => void) => [value: unknown, options?: { ttl: number }]> = {
  toJSON: (act) => [{ toJSON: () => act() ?? 'text' }],
  getter: (act) => [
    {
      get field() {
        act();
        return 'text';
      },
    },
  ],
  ttl: (act) => [
    'text',
    {
      get ttl() {
        act();
        return 1000;
      },
    },
  ],
};

for (const [way, make] of Object.entries(ways)) {
  test(`${way} that disposes: set throws DisposedError and changes nothing`, () => {
    withWitness<unknown>('json', (cache, witness) => {
      const [value, options] = make(() => cache[Symbol.dispose]());
      assert.throws(() => cache.set('key', value, options), disposed);
      assert.equal(witness.has('key'), false);
    });
  });

  test(`${way} that disposes everything, and creates another cache`, async () => {
    const cache = new SharedCache<unknown>({ maxSize: '4MiB', values: 'json' });
    await settled(cache.arena);
    const { kernel, memory } = cache.arena;
    let after: Uint8Array = new Uint8Array();
    const others: Disposable[] = [];
    const [value, options] = make(() => {
      cache[Symbol.dispose]();
      // Of another size, or it would be made in the same memory.
      others.push(new SharedCache({ maxSize: '5MiB' }));
      while (kernel.liveThreads() > 0) pause(1);
      // The last to leave is the supervisor; when it is in another zone, it has left this one.
      const next = new Arena({ size: '5MiB' });
      others.push(next);
      while (next.report().threads < 2) pause(1);
      after = new Uint8Array(memory.buffer).slice();
    });
    assert.throws(() => cache.set('key', value, options), disposed);
    assert.deepEqual(new Uint8Array(memory.buffer), after, 'no byte of a zone that it has left');
    for (const other of others) other[Symbol.dispose]();
  });

  test(`${way} that disposes everything: the next cache in its memory is whole`, () => {
    const cache = new SharedCache<unknown>({ maxSize: '6MiB', values: 'json' });
    const { buffer } = cache.arena.memory;
    const nexts: SharedCache<string>[] = [];
    const [value, options] = make(() => {
      cache[Symbol.dispose]();
      nexts.push(
        nextCacheIn(buffer, () => new SharedCache<string>({ maxSize: '6MiB', values: 'string' })),
      );
      nexts[0]?.set('mine', 'untouched');
    });
    assert.throws(() => cache.set('key', value, options), disposed);
    assert.throws(() => cache.get('key'), disposed);
    using next = nexts[0]!;
    assert.deepEqual([...next.keys()], ['mine']);
    next.arena.check();
  });

  test(`${way} that sets and reads other keys`, () => {
    withWitness<unknown>('json', (cache) => {
      cache.set('other', 'before');
      const [value, options] = make(() => {
        cache.set('a much longer key than the outer one', 'x'.repeat(70_000));
        cache.delete('other');
        cache.peek('other');
      });
      assert.equal(cache.set('key', value, options), true);
      assert.deepEqual([...cache.keys()].sort(), [
        'a much longer key than the outer one',
        'key',
        'mine',
      ]);
    });
  });

  test(`${way} that throws: its error, and nothing has changed`, () => {
    withWitness<unknown>('json', (cache) => {
      cache.set('key', 'old');
      const mine = new RangeError('on purpose');
      const [value, options] = make(() => {
        throw mine;
      });
      assert.throws(
        () => cache.set('key', value, options),
        (error) => error === mine,
      );
      assert.equal(cache.get('key'), 'old');
    });
  });

  test(`${way} that fills the stack: the RangeError alone`, () => {
    withWitness<unknown>('json', (cache) => {
      cache.set('key', 'old');
      const fill = (): void => fill();
      const [value, options] = make(fill);
      assert.throws(() => cache.set('key', value, options), RangeError);
      assert.equal(cache.get('key'), 'old');
    });
  });
}

test('a codec that disposes while it encodes, or decodes', () => {
  let act = () => {};
  withWitness(
    codecWith(() => act()),
    (cache) => {
      cache.set('key', 'value');
      act = () => cache[Symbol.dispose]();
      assert.throws(() => cache.set('key', 'other'), disposed);
    },
  );
  const decoded = codecWith(
    () => {},
    () => act(),
  );
  withWitness(decoded, (cache) => {
    act = () => {};
    cache.set('key', 'x'.repeat(200_000));
    act = () => cache[Symbol.dispose]();
    assert.equal(cache.get('key'), 'x'.repeat(200_000));
    assert.throws(() => cache.get('key'), disposed);
  });
});

test('a loop over the keys whose body disposes is over, and no other begins', () => {
  const cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string' });
  for (let i = 0; i < 100; i++) cache.set(`key ${i}`, 'value');
  let steps = 0;
  for (const _ of cache.keys()) {
    steps++;
    cache[Symbol.dispose]();
  }
  assert.equal(steps, 1);
  assert.throws(() => cache.keys(), disposed);
});

test('a promise that is refused may reject: whoever caught the error is not ended by it', async (t) => {
  using cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string' });
  cache.set('key', 'value');
  const unhandled: unknown[] = [];
  const listener = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', listener);
  t.after(() => process.off('unhandledRejection', listener));
  const rejects = (async () => {
    throw new Error('late');
  }) as () => never;
  const refused = { code: 'ERR_PAGELESS_INVALID_ARGUMENT' };
  assert.throws(() => cache.update('key', rejects), refused);
  assert.throws(() => cache.read('key', rejects), refused);
  assert.throws(() => cache.getOrSetSync('missing', rejects), refused);
  assert.throws(() => new SharedCache({ maxSize: '4MiB', now: rejects }), refused);
  const values = { serialize: rejects, deserialize: String };
  using coded = new SharedCache<string>({ maxSize: '4MiB', values });
  assert.throws(() => coded.set('key', 'value'), refused);
  assert.throws(() => coded.setMany([['key', 'value']]), refused);
  assert.throws(() => coded.update('key', () => 'value'), refused);
  assert.throws(() => coded.getOrSetSync('key', () => 'value'), refused);
  await assert.rejects(
    coded.getOrSet('key', () => 'value'),
    refused,
  );
  await new Promise(setImmediate);
  assert.deepEqual(unhandled, []);
});
