/** A CommonJS program: what it has of `import()` are the types of what it requires. */
import { type InvalidArgumentError, SharedCache } from 'pageless';
import { KeyvStore } from 'pageless/keyv';
import { pagelessDriver } from 'pageless/unstorage';

export async function imported(): Promise<object[]> {
  const esm = await import('pageless');
  const keyv = await import('pageless/keyv');
  const texts: SharedCache<string> = new esm.SharedCache({ maxSize: '4MiB', values: 'string' });
  const same: SharedCache<string> = SharedCache.attach<string>(texts.handle);
  const error: InvalidArgumentError = new esm.InvalidArgumentError('name', 'text', 5);
  const store: KeyvStore = new keyv.KeyvStore(same);
  const cache = new esm.SharedCache({ maxSize: '4MiB' });
  return [error, store, new KeyvStore(texts), pagelessDriver({ cache })];
}
