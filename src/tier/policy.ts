/** What a cache is given as its tier: an object of the right shape, and how it is to be used. */
import { checkInteger, checkObject, checkOptions } from '../border/arguments.ts';
import { LONGEST_MS } from '../border/timer.ts';
import { InvalidArgumentError } from '../errors.ts';
import { parseSize } from '../sizes.ts';
import type { Tier, TierPolicy } from './interface.ts';

/** A policy with nothing left out. Milliseconds and bytes. */
export interface Policy {
  readonly maxStaleMs: number;
  readonly delayMs: number;
  readonly maxQueueBytes: number;
  readonly timeoutMs: number;
  readonly closeTimeoutMs: number;
}

/** What a tier's own options may say besides. */
export const POLICY_OPTIONS: readonly (keyof TierPolicy)[] = [
  'maxStaleMs',
  'writes',
  'writeDelayMs',
  'maxQueue',
  'timeoutMs',
  'closeTimeoutMs',
];
const WRITE_DELAY_MS = 50;
const METHODS = ['getMany', 'setMany', 'deleteMany', 'clear', 'close'] as const;

/** Tiers that a cache has, or had: it ends its own. */
const taken = new WeakSet<Tier>();

/** Notes that a cache has it. */
export function takeTier(tier: Tier): void {
  taken.add(tier);
}

/** Throws `InvalidArgumentError` unless it is a tier that no cache has had. */
export function checkTier(value: Tier): Tier {
  const expected = `an object with ${METHODS.join(', ')}, as redisTier() and lmdbTier() return`;
  const tier: Partial<Tier> = checkObject('tier', value, expected);
  for (const name of METHODS) {
    if (typeof tier[name] === 'function') continue;
    throw new InvalidArgumentError('tier', expected, value, { hint: `it has no ${name}` });
  }
  if (taken.has(value)) {
    const hint = 'it is, or was, another cache’s: one for each cache and thread';
    throw new InvalidArgumentError('tier', 'one of its own', value, { hint });
  }
  const { invalidations } = tier;
  if (invalidations === undefined || typeof invalidations === 'function') return value;
  throw new InvalidArgumentError('tier.invalidations', 'a function, or left out', invalidations);
}

/** Throws `InvalidArgumentError`. */
export function readPolicy(policy: TierPolicy = {}): Policy {
  const {
    maxStaleMs = 60_000,
    writes = 'through',
    writeDelayMs,
    maxQueue = '16MiB',
    timeoutMs = 500,
    closeTimeoutMs = 2000,
  } = checkOptions(policy, POLICY_OPTIONS);
  if (writes !== 'through' && writes !== 'behind') {
    throw new InvalidArgumentError('writes', "'through' or 'behind'", writes);
  }
  const isBehind = writes === 'behind';
  if (writeDelayMs !== undefined && !isBehind) {
    const expected = "left out, or beside writes: 'behind'";
    throw new InvalidArgumentError('writeDelayMs', expected, writeDelayMs);
  }
  const delayMs = checkInteger('writeDelayMs', writeDelayMs ?? WRITE_DELAY_MS, 0, LONGEST_MS);
  return {
    maxStaleMs: checkInteger('maxStaleMs', maxStaleMs, 1, LONGEST_MS),
    delayMs: isBehind ? delayMs : 0,
    maxQueueBytes: parseSize('maxQueue', maxQueue),
    timeoutMs: checkInteger('timeoutMs', timeoutMs, 1, LONGEST_MS),
    closeTimeoutMs: checkInteger('closeTimeoutMs', closeTimeoutMs, 0, LONGEST_MS),
  };
}
