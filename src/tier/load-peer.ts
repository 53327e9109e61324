/** A tier's client, which is an optional peer dependency. */
import { TierError } from '../errors.ts';
import { reasonOf } from './answers.ts';

/** What `load` imports. Rejects with a `TierError` that says what to do. */
export async function loadPeer<T>(name: 'redis' | 'lmdb', load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const { code } = cause as { code?: string };
    const isAbsent = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
    const reason = isAbsent
      ? `${name} is not installed: npm install ${name}`
      : `${name} cannot be loaded (${reasonOf(cause)}); a bundler has to leave it external`;
    throw new TierError(name, reason, { cause });
  }
}
