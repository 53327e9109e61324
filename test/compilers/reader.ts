/** A program that uses the types, compiled by test/packaging/compilers.test.ts, and never run. */
import {
  Arena,
  type ArenaHandle,
  type Bytes,
  type Compute,
  type PagelessError,
  SharedCache,
  type SharedCacheHandle,
  type Tier,
  type ValueCodec,
} from 'pageless';
import { KeyvStore } from 'pageless/keyv';
import { redisTier } from 'pageless/redis';
import { pagelessDriver } from 'pageless/unstorage';

interface User {
  name: string;
}

const codec: ValueCodec<User> = {
  serialize: ({ name }) => Uint8Array.from(name, (character) => character.charCodeAt(0)),
  deserialize: (bytes: Bytes) => ({ name: String.fromCharCode(...bytes) }),
};

const compute: Compute<User> = async (key, _stale, { signal }) => {
  signal.addEventListener('abort', () => {});
  return signal.aborted ? undefined : { name: String(key) };
};

export async function users(handle: SharedCacheHandle): Promise<string | undefined> {
  const tier: Tier = redisTier({ url: 'redis://127.0.0.1', keyPrefix: 'users:' });
  const cache = new SharedCache({ maxSize: '64MiB', values: codec, tier });
  cache.set('key', { name: 'Ada' }, { ttl: 5 });
  for (const [key, { name }] of cache) cache.delete(name || key);
  const attached: SharedCache<User> = SharedCache.attach<User>(handle, { values: codec });
  const shared: ArenaHandle = attached.handle.arena;
  const arena = new Arena({ size: shared.memory.buffer.byteLength });
  arena.reap(1).catch((error: PagelessError) => error.code);
  arena[Symbol.dispose]();
  cache.close();
  return (await attached.getOrSet('key', compute, { timeoutMs: 5 }))?.name;
}

export class Users extends SharedCache<User> {
  constructor() {
    super({ maxSize: '64MiB', values: 'json' });
  }
}

export function stores(): object[] {
  const texts = new SharedCache({ maxSize: '4MiB', values: 'string' });
  const bytes = new SharedCache({ maxSize: '4MiB' });
  return [new KeyvStore(texts), pagelessDriver({ cache: bytes })];
}
