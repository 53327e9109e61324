/** Versions as users hold them: the key's hash, and the version of the line that it lives in. */
import { InvalidArgumentError } from '../../errors.ts';

/** Opaque; only for `setIfVersion` of the same key. */
export type Version = bigint & { readonly kind: unique symbol };

const LAST_VERSION: bigint = 2n ** 64n - 1n;

/** The key's hash tells whose it is. */
export function versionOf(hash: number, version: number): Version {
  return ((BigInt(hash >>> 0) << 32n) | BigInt(version)) as Version;
}

export function checkVersion(version: unknown): void {
  if (typeof version === 'bigint' && version >= 0n && version <= LAST_VERSION) return;
  throw new InvalidArgumentError('version', 'what getWithVersion gave', version);
}
