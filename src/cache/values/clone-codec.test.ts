/** The codec for what JSON loses, and the table of docs/guides/values.md that says what that is. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import { InvalidArgumentError, UnsupportedError } from '../../errors.ts';
import { SharedCache, structuredCloneCodec } from '../../index.ts';

const options = { maxSize: '4MiB', values: structuredCloneCodec() } as const;

test('every row of the table in the guide on values is true', () => {
  const guide = readFileSync(new URL('../../../docs/guides/values.md', import.meta.url), 'utf8');
  const table = guide.slice(guide.indexOf('## What JSON loses'), guide.indexOf('```js'));
  const rows = [...table.matchAll(/^\| `(.+?)` \| (.+?) \| (.+?) \|$/gm)];
  assert.ok(rows.length >= 12, `${rows.length} rows`);
  using json = new SharedCache({ maxSize: '4MiB', values: 'json' });
  using clones = new SharedCache(options);
  for (const [, source = '', ...told] of rows) {
    const shown = [json, clones].map((cache) => shownBy(cache, evaluated(source)));
    assert.deepEqual(shown, told, source);
  }
});

/** The value of an expression, made by this realm's constructors. */
function evaluated(source: string): unknown {
  return runInNewContext(`(${source})`, { Map, Set, Date, Uint8Array, RegExp });
}

/** What a cache gives back, as the table shows it. */
function shownBy(cache: SharedCache<unknown>, value: unknown): string {
  try {
    cache.set('key', value);
  } catch (error) {
    assert.ok(error instanceof InvalidArgumentError);
    return 'refused';
  }
  return `\`${inspect(cache.get('key'))}\``;
}

test('cycles and repeated objects come back as such', () => {
  using cache = new SharedCache(options);
  const shared = { n: 1 };
  const value = { a: shared, b: shared, self: {} };
  value.self = value;
  assert.equal(cache.set('key', value), true);
  const copy = cache.get('key') as typeof value;
  assert.equal(copy.self, copy);
  assert.equal(copy.a, copy.b);
  assert.notEqual(copy.a, shared);
});

test('what comes out is one’s own, and not changed by what comes later', () => {
  using cache = new SharedCache(options);
  cache.set('key', { bytes: new Float64Array([1, 2]) });
  const { bytes } = cache.get('key') as { bytes: Float64Array };
  cache.set('key', { bytes: new Float64Array([3, 4]) });
  cache.set('other', 'x'.repeat(10_000));
  assert.deepEqual([...bytes], [1, 2]);
});

test('what cannot be cloned is a typed error, and nothing has changed', () => {
  using cache = new SharedCache(options);
  cache.set('key', 1);
  const wrong = [undefined, () => 1, Symbol('s'), new WeakMap(), { deep: [Promise.resolve()] }];
  for (const value of [...wrong, new SharedArrayBuffer(8)]) {
    assert.throws(() => cache.set('key', value), InvalidArgumentError);
  }
  assert.equal(cache.get('key'), 1);
});

test('what a getter throws passes through as it is', () => {
  using cache = new SharedCache(options);
  const error = new Error('of the getter');
  const value = {
    get field() {
      throw error;
    },
  };
  assert.throws(
    () => cache.set('key', value),
    (thrown) => thrown === error,
  );
});

test('another thread’s codec is another one, for the same cache', () => {
  using cache = new SharedCache(options);
  cache.set('key', new Map([['a', 1n]]));
  using same = SharedCache.attach(cache.handle, { values: structuredCloneCodec() });
  assert.deepEqual(same.get('key'), new Map([['a', 1n]]));
});

test('where there is no node:v8 it says so', (context) => {
  context.mock.method(process, 'getBuiltinModule', () => undefined);
  assert.throws(() => structuredCloneCodec(), UnsupportedError);
});

test('a namespace that is named with it again is the same view, and near holds', () => {
  using cache = new SharedCache({ maxSize: '4MiB', values: 'json', near: { max: 10 } });
  const open = () => cache.namespace('clones', { values: structuredCloneCodec() });
  open().set('key', new Map([[1, 2]]));
  open().get('key');
  open().get('key');
  assert.equal(open().get('key'), open().get('key'));
  assert.equal(open(), open());
});
