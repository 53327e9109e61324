/** Options of `lmdbTier`, checked. */
import { checkOptions } from '../border/arguments.ts';
import { InvalidArgumentError } from '../errors.ts';
import { parseSize } from '../sizes.ts';
import type { TierPolicy } from './interface.ts';
import { POLICY_OPTIONS, readPolicy } from './policy.ts';

export interface LmdbTierOptions extends TierPolicy {
  /** A folder of its own on a local disk; it is made if it is not there. */
  path: string;
  /** What its entries may take, as bytes or a text like `'1GiB'`: default 256 MiB. */
  maxSize?: number | string | undefined;
  /**
   * Which thread of this process writes for the one that opens this: `'main'` (default), which has
   * to have opened the folder as well; or `'here'`: this thread itself, which must not be
   * terminated then, since LMDB's lock would stay taken.
   */
  writer?: 'main' | 'here' | undefined;
}

export interface ReadLmdbOptions {
  readonly path: string;
  readonly maxBytes: number;
  readonly writer: 'main' | 'here';
  readonly policy: TierPolicy;
}

const OPTIONS = ['path', 'maxSize', 'writer'];
/** Two halves of a few hundred pages. */
const LEAST_BYTES: number = 2 ** 20;
/**
 * Nobody tells of changes, so belief is short: asking again costs microseconds (lmdb.ts). Decision
 * 0071.
 */
const MAX_STALE_MS = 1000;

/** Throws `InvalidArgumentError`. */
export function readLmdbOptions(options: LmdbTierOptions): ReadLmdbOptions {
  const {
    path,
    maxSize = '256MiB',
    writer = 'main',
    maxStaleMs = MAX_STALE_MS,
    ...rest
  } = checkOptions(options, [...OPTIONS, ...POLICY_OPTIONS]);
  const policy = { ...rest, maxStaleMs };
  readPolicy(policy);
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw new InvalidArgumentError('path', 'the name of a folder', path);
  }
  const maxBytes = parseSize('maxSize', maxSize);
  if (maxBytes < LEAST_BYTES) throw new InvalidArgumentError('maxSize', '1 MiB or more', maxSize);
  if (writer !== 'main' && writer !== 'here') {
    throw new InvalidArgumentError('writer', "'main' or 'here'", writer);
  }
  return { path, maxBytes, writer, policy };
}
