/**
 * Types that follow `values`, checked by the compiler alone: this file is compiled with the tests
 * and never run. A line below `@ts-expect-error` must not compile; if it does, the compiler says
 * so.
 */
import type { CacheStoreOptions } from '../../src/adapters/undici.ts';
import type { ItemOptions, PagelessDriverOptions } from '../../src/adapters/unstorage.ts';
import type * as built from '../../src/index.ts';
import {
  type Bytes,
  type Compute,
  SharedCache,
  type SharedCacheHandle,
  type ValueCodec,
  type ValueKind,
} from '../../src/index.ts';
import type { InspectOptions } from '../../src/inspect/inspector.ts';
import type { LmdbTierOptions } from '../../src/tier/lmdb-options.ts';
import type { RedisTierOptions } from '../../src/tier/redis-options.ts';

interface User {
  name: string;
}

/** Compiles only where the two types are the same. */
function same<A>(): <B>(
  value: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? B : never,
) => void {
  return () => {};
}

declare const maybe: User | undefined;
declare const kind: ValueKind;
declare const handle: SharedCacheHandle;
const maxSize = '64MiB';
const bytes = new Uint8Array(new SharedArrayBuffer(4));

export function kinds(): void {
  const plain = new SharedCache({ maxSize });
  same<Bytes | undefined>()(plain.get('key'));
  plain.set('key', bytes);
  plain.set(bytes, Buffer.of(1));
  // @ts-expect-error a text is no bytes
  plain.set('key', 'text');

  const texts = new SharedCache({ maxSize, values: 'string' });
  same<string | undefined>()(texts.peek('key'));
  // @ts-expect-error bytes are no text
  texts.set('key', bytes);

  same<unknown>()(new SharedCache({ maxSize, values: 'json' }).get('key'));
  const users = new SharedCache<User>({ maxSize, values: 'json' });
  same<User | undefined>()(users.get('key'));
  users.set('key', { name: 'Ada' }, { ttl: 5 });
  // @ts-expect-error a user has a name
  users.set('key', {});

  const dates = new SharedCache({
    maxSize,
    values: {
      serialize: (date: Date) => Uint8Array.of(date.getDay()),
      deserialize: (stored: Bytes) => new Date(stored[0] ?? 0),
    },
  });
  same<Date | undefined>()(dates.get('key'));
  same<unknown>()(new SharedCache({ maxSize, values: kind }).get('key'));
}

export function contradictions(): void {
  // @ts-expect-error users are no bytes
  new SharedCache<User>({ maxSize });
  // @ts-expect-error users are no bytes
  new SharedCache<User>({ maxSize, values: 'bytes' });
  // @ts-expect-error users are no texts
  new SharedCache<User>({ maxSize, values: 'string' });
  // @ts-expect-error there is no such kind
  new SharedCache({ maxSize, values: 'xml' });
  // @ts-expect-error there is no such option
  new SharedCache({ maxSize, maxEntries: 5 });
  // @ts-expect-error maxSize is missing
  new SharedCache({});
  // @ts-expect-error there is no such option
  new SharedCache({ maxSize }).set('key', bytes, { ttlMs: 5 });
  // @ts-expect-error a number is no options
  new SharedCache({ maxSize }).set('key', bytes, 5000);
}

/** A subclass names the type of its values. */
class Users extends SharedCache<User> {
  constructor() {
    super({ maxSize, values: 'json' });
  }

  nameOf(id: string): string | undefined {
    return this.get(id)?.name;
  }
}

class Coded extends SharedCache<User> {
  constructor(values: ValueCodec<User>) {
    super({ maxSize, values });
  }
}

class Raw extends SharedCache<Bytes> {
  constructor() {
    super({ maxSize });
  }
}

class OfKind extends SharedCache<User> {
  constructor() {
    // @ts-expect-error users are no texts
    super({ maxSize, values: 'string' });
  }
}

class OfAny<V> extends SharedCache<V> {
  constructor() {
    super({ maxSize, values: 'json' });
  }
}

// @ts-expect-error which of the constructors?
class OfNone extends SharedCache {}

export function subclasses(values: ValueCodec<User>): unknown[] {
  same<User | undefined>()(new Users().get('key'));
  same<User | undefined>()(new Coded(values).get('key'));
  same<Bytes | undefined>()(new Raw().get('key'));
  same<number | undefined>()(new OfAny<number>().get('key'));
  const cache: SharedCache<User> = new Users();
  // @ts-expect-error a user has a name
  cache.set('key', {});
  return [cache, new OfKind(), OfNone];
}

/** Of a type parameter it is not known whether it is of a kind; JSON and codecs take any. */
export function ofParameter<V extends Uint8Array>(values: ValueCodec<V>): unknown[] {
  // @ts-expect-error it could be shown, and the compiler does not try
  const refused = new SharedCache<V>({ maxSize });
  return [
    refused,
    new SharedCache<V>({ maxSize, values: 'json' }),
    new SharedCache({ maxSize, values }),
  ];
}

export function namespaces(): void {
  const users = new SharedCache<User>({ maxSize, values: 'json' });
  same<User | undefined>()(users.namespace('a').get('key'));
  same<User | undefined>()(users.namespace('a', { ttl: 5 }).get('key'));
  same<number | undefined>()(users.namespace<number>('b').get('key'));
  const pages = users.namespace('pages', { values: 'string', ttl: 5 });
  same<string | undefined>()(pages.get('key'));
  // @ts-expect-error a user is no text
  pages.set('key', { name: 'Ada' });
  same<Bytes | undefined>()(users.namespace('raw', { values: 'bytes' }).get('key'));
  same<unknown>()(users.namespace('json', { values: 'json' }).get('key'));
  same<User | undefined>()(users.namespace<User>('json', { values: 'json' }).get('key'));
  const dates = { serialize: (_: Date) => new Uint8Array(0), deserialize: () => new Date() };
  same<Date | undefined>()(users.namespace('dates', { values: dates }).get('key'));
  same<unknown>()(users.namespace('any', { values: kind }).get('key'));
  // @ts-expect-error numbers are no texts
  users.namespace<number>('n', { values: 'string' });
  // @ts-expect-error there is no such kind
  users.namespace('n', { values: 'xml' });
}

export async function computing(): Promise<void> {
  const users = new SharedCache<User>({ maxSize, values: 'json' });
  const ada = { name: 'Ada' };
  same<User>()(await users.getOrSet('key', () => ada));
  same<User>()(await users.getOrSet('key', async (key, stale) => stale ?? { name: `${key}` }));
  same<User>()(await users.getOrSet('key', async () => ({ name: 'Ada', more: 1 }), { ttl: 5 }));
  same<User | undefined>()(await users.getOrSet('key', async () => maybe));
  same<User | undefined>()(await users.getOrSet('key', (key) => (key ? ada : undefined)));
  const compute: Compute<User> = () => ada;
  same<User | undefined>()(await users.getOrSet('key', compute));
  same<User>()(users.getOrSetSync('key', () => ada));
  same<User | undefined>()(users.getOrSetSync('key', () => maybe));
  const plain = new SharedCache({ maxSize });
  same<Bytes>()(await plain.getOrSet('key', async () => bytes));
  same<Bytes>()(plain.getOrSetSync('key', () => Buffer.of(1)));
  same<unknown>()(await new SharedCache({ maxSize, values: 'json' }).getOrSet('key', () => 1));
  same<User>()(await users.getOrSet('key', () => new Promise((resolve) => resolve(ada))));
  // @ts-expect-error a user has a name
  users.getOrSet('key', async () => ({}));
  // @ts-expect-error null is no user
  users.getOrSet('key', () => null);
  // @ts-expect-error what may be undefined is not the value
  const user: User = await users.getOrSet('key', async () => maybe);
  users.set('key', user);
  // @ts-expect-error who computes at once returns no promise
  users.getOrSetSync('key', async () => ada);
  users.getOrSet('key', async (_key, _stale, { options }) => {
    options.ttl = 5;
    // @ts-expect-error what is computed overwrites nothing
    options.noUpdateTTL = true;
    return ada;
  });
  // @ts-expect-error a thread that stands still hears no signal
  users.getOrSetSync('key', () => ada, { signal: new AbortController().signal });
}

/** Code that does not know its values. */
export function generic<T>(
  cache: SharedCache<T>,
  compute: () => Promise<T>,
): Promise<T | undefined> {
  return cache.getOrSet('key', compute);
}

export function attaching(): void {
  same<Bytes | undefined>()(SharedCache.attach(handle).get('key'));
  same<User | undefined>()(SharedCache.attach<User>(handle).get('key'));
  const passed: SharedCache = SharedCache.attach(handle);
  const isOne: boolean = passed instanceof SharedCache;
  same<boolean>()(isOne);
}

/** An option that is left out may be `undefined`, under `exactOptionalPropertyTypes` as well. */
interface Options {
  arena: [built.PageOptions, built.FolioOptions, built.ReapOptions, built.UserType];
  compaction: [
    built.CompactionOptions,
    built.EvacuationOptions,
    built.BackgroundOptions,
    built.CompactOptions,
  ];
  cache: [
    built.SharedCacheOptions<User>,
    built.AttachOptions<User>,
    built.RestoreOptions<User>,
    built.NamespaceOptions<User>,
    built.NearOptions,
  ];
  calls: [
    built.GetOptions,
    built.GetManyOptions,
    built.SetOptions,
    built.IncrementOptions,
    built.TimeOptions,
    built.LoadOptions,
    built.LoadSyncOptions,
    built.WaitOptions,
    built.PurgeOptions,
    built.KeysOptions,
  ];
  tiers: [built.TierPolicy, RedisTierOptions, LmdbTierOptions];
  others: [InspectOptions, CacheStoreOptions, PagelessDriverOptions, ItemOptions];
}
type Loose<O> = {
  [M in keyof O]: Record<never, never> extends Pick<O, M> ? O[M] | undefined : O[M];
};
type LooseAll<List> = { [N in keyof List]: Loose<List[N]> };
declare const loose: { [G in keyof Options]: LooseAll<Options[G]> };

export function leftOut(): void {
  const options: Options = loose;
  const users = new SharedCache<User>({ maxSize, values: 'json', ttl: undefined });
  users.namespace('a', { values: undefined });
  users.recreate({ tier: undefined });
  same<Bytes | undefined>()(new SharedCache({ maxSize, values: undefined }).get('key'));
  same<Options>()(options);
}
