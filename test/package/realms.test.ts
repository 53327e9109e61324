/**
 * Two realms in one thread, as test runners make them (Jest, Vitest's vmThreads): the library is
 * loaded inside a vm context, with globals of the kind that those contexts have, while memory,
 * handles and bytes come from outside; and the other way round.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { createContext, runInContext, runInThisContext, Script } from 'node:vm';
import * as outside from 'pageless';

type Library = typeof outside;

/** The language's own classes are the context's; what Node adds to them is handed in. */
function createRealm(): object {
  const { Buffer, process, performance, crypto, TextEncoder, TextDecoder, atob, URL } = globalThis;
  const { setTimeout, clearTimeout, setInterval, clearInterval, structuredClone } = globalThis;
  const { queueMicrotask } = globalThis;
  const ofNode = { Buffer, process, performance, crypto, TextEncoder, TextDecoder, atob, URL };
  const timers = { setTimeout, clearTimeout, setInterval, clearInterval, structuredClone };
  return createContext({ ...ofNode, ...timers, queueMicrotask });
}

/** Loads a CommonJS file, and what it requires, inside a realm. */
function loadInto(
  realm: object,
  file: string,
  loaded = new Map<string, { exports: object }>(),
): object {
  const known = loaded.get(file);
  if (known) return known.exports;
  const module = { exports: {} };
  loaded.set(file, module);
  const require = createRequire(file);
  const requireInto = (name: string): unknown =>
    name.startsWith('.') ? loadInto(realm, require.resolve(name), loaded) : require(name);
  const wrapped = `(function (exports, require, module, __filename) {${readFileSync(file, 'utf8')}\n})`;
  const run = new Script(wrapped, { filename: file }).runInContext(realm);
  run(module.exports, requireInto, module, file);
  return module.exports;
}

const realm = createRealm();
const main = createRequire(import.meta.url).resolve('pageless');
const inside = loadInto(realm, join(dirname(main), 'index.js')) as Library;
const foreign = <T>(source: string): T => runInContext(source, realm) as T;
const here = <T>(source: string): T => runInThisContext(source) as T;

test('the realm is another one', () => {
  assert.notEqual(foreign('Uint8Array'), Uint8Array);
  assert.notEqual(foreign('WebAssembly.Memory'), WebAssembly.Memory);
  assert.notEqual(inside.SharedCache, outside.SharedCache);
});

for (const [name, here, there] of [
  ['inside', outside, inside],
  ['outside', inside, outside],
] as const) {
  test(`a handle from elsewhere is attached to ${name}: bytes as keys and values`, () => {
    const cache = new here.SharedCache({ maxSize: '4MiB' });
    const same = there.SharedCache.attach(cache.handle);
    const makers = [
      (): Uint8Array => Uint8Array.of(1, 2, 3),
      (): Uint8Array => Buffer.of(1, 2, 3),
      (): Uint8Array => foreign('Uint8Array.of(1, 2, 3)'),
    ];
    for (const make of makers) {
      for (const [one, other] of [
        [cache, same],
        [same, cache],
      ] as const) {
        assert.equal(one.set(make(), make()), true);
        assert.deepEqual([...(other.get(make()) ?? [])], [1, 2, 3]);
        assert.equal(other.delete('\x01\x02\x03'), true);
      }
    }
    const large = foreign<Uint8Array>('new Uint8Array(200_000).fill(7)');
    assert.equal(same.set('large', large), true);
    assert.equal(cache.get('large')?.length, 200_000);
    cache.arena.check();
    same.close();
    cache.close();
  });

  test(`arenas, pools and the codec take what is from elsewhere ${name}`, () => {
    const arena = new here.Arena({ size: '4MiB' });
    const same = there.Arena.attach(arena.handle);
    const pool = there.ZsPool.attach(arena.createZsPool().handle);
    const objects = same.createObjectCache({ name: 'realms', bytes: 64 });
    const handle = pool.malloc(3)!;
    const object = objects.alloc()!;
    for (const bytes of [Uint8Array.of(4, 5, 6), foreign<Uint8Array>('Uint8Array.of(4, 5, 6)')]) {
      assert.equal(pool.write(handle, bytes), true);
      assert.deepEqual([...pool.read(handle)], [4, 5, 6]);
      objects.write(object, bytes, 1);
      assert.deepEqual([...objects.read(object).subarray(1, 4)], [4, 5, 6]);
    }
    const zeros = foreign<Uint8Array>('new Uint8Array(1000)');
    const block = there.lz4.compress(zeros)!;
    assert.deepEqual([...there.lz4.decompress(block, 1000)!], [...zeros]);
    for (const opened of [pool, same, arena]) opened.close();
  });
}

for (const [name, { SharedCache }] of [
  ['outside', outside],
  ['inside', inside],
] as const) {
  test(`lists, functions, promises and options from elsewhere, ${name}`, async () => {
    const cache = new SharedCache({ maxSize: '4MiB' });
    const two = "[['a', Uint8Array.of(1)], ['b', Uint8Array.of(2), { ttl: 5_000 }]]";
    // Of either realm, one of which is elsewhere.
    for (const make of [foreign, here]) {
      assert.deepEqual([...cache.setMany(make(two))], [true, true]);
      assert.deepEqual(
        Array.from(cache.getMany(make("new Set(['a', 'b'])")), (bytes) => bytes?.[0]),
        [1, 2],
      );
      assert.deepEqual([...cache.deleteMany(make("['b', 'c'].values()"))], [true, false]);
      cache.set('tagged', Uint8Array.of(1), make("({ tags: ['tag'], staleFor: 5 })"));
      cache.deleteTag('tag');
      assert.equal(cache.has('tagged'), false);
      assert.equal(cache.update('a', make('(old) => Uint8Array.of(old[0] + 8)'))?.[0], 9);
      assert.equal(cache.read('a', make('(bytes) => bytes[0]')), 9);
      assert.equal((await cache.getOrSet('c', make('async () => Uint8Array.of(3)')))?.[0], 3);
      assert.equal(cache.getOrSetSync('d', make('() => Uint8Array.of(4)'))?.[0], 4);
      const failing = cache.getOrSet('e', make("async () => { throw new Error('on purpose'); }"));
      await assert.rejects(failing, { message: 'on purpose' });
      const near = SharedCache.attach(cache.handle, make<object>('({ near: { max: 5 } })'));
      assert.equal(near.get('d')?.[0], 4);
      near.close();
      const view = cache.namespace('one', make<object>('({ ttl: 5_000 })'));
      assert.equal(view.set('a', Uint8Array.of(1)), true);
      cache.clear();
    }
    cache.close();
  });
}

test('texts and JSON cross realms, and so do codecs of one’s own', () => {
  for (const values of ['string', 'json'] as const) {
    const cache = new outside.SharedCache({ maxSize: '4MiB', values });
    const same = inside.SharedCache.attach<string>(cache.handle);
    cache.set('key', 'what is said ');
    assert.equal(same.get('key'), 'what is said ');
    same.close();
    cache.close();
  }
  type Codec = { serialize(value: unknown): Uint8Array; deserialize(bytes: Uint8Array): unknown };
  const values = foreign<Codec>(
    '({ serialize: (n) => Uint8Array.of(n), deserialize: (b) => b[0] })',
  );
  const cache = new outside.SharedCache<unknown>({ maxSize: '4MiB', values });
  cache.set('key', 5);
  assert.equal(cache.get('key'), 5);
  cache.close();
});

test('options of another realm are options, and its misuse is told', () => {
  const options = foreign<{ maxSize: string }>("({ maxSize: '4MiB' })");
  const cache = new outside.SharedCache(options);
  assert.equal(cache.set('key', Uint8Array.of(1), foreign('({ ttl: 5_000 })')), true);
  for (const wrong of ['[]', 'new Map()', '({ ttlMs: 5 })', 'new Date(0)', '() => 0']) {
    const set = () => cache.set('key', Uint8Array.of(1), foreign(wrong));
    assert.throws(set, outside.InvalidArgumentError, wrong);
  }
  cache.close();
});
