/** A cache's second tier as its options name it, and as its handle carries it to other threads. */
import { checkInteger, checkObject, checkOptions } from '../../border/arguments.ts';
import { InvalidArgumentError, UnsupportedError } from '../../errors.ts';
import type { Tier } from '../../tier/interface.ts';
import { LocalWrites } from '../../tier/local-writes.ts';
import { checkTier, type Policy, readPolicy } from '../../tier/policy.ts';

/** What the threads of a cache with a tier share. */
export interface TierHandle {
  /** As in the policy of the thread that made the cache. */
  maxStaleMs: number;
  /** Counts of what they write (src/tier/local-writes.ts). */
  writes: SharedArrayBuffer;
}

/** A tier as this thread uses it. */
export interface OpenTier {
  /** Undefined: this thread does not talk to it. */
  readonly tier: Tier | undefined;
  readonly policy: Policy;
  readonly shared: TierHandle;
}

/** Of `new SharedCache`. Throws `InvalidArgumentError`, `UnsupportedError`. */
export function createTier(tier: Tier): OpenTier {
  const policy = policyOf(tier);
  const { maxStaleMs } = policy;
  return { tier, policy, shared: { maxStaleMs, writes: LocalWrites.create() } };
}

/** Of `SharedCache.attach`. Throws `InvalidArgumentError`, `UnsupportedError`. */
export function attachTier(
  handle: TierHandle | undefined,
  tier: Tier | false | undefined,
): OpenTier | undefined {
  if (handle === undefined) {
    if (tier === undefined || tier === false) return undefined;
    const hint = 'the thread that makes the cache has to give it one as well';
    throw new InvalidArgumentError('tier', 'left out: the cache has none', tier, { hint });
  }
  const { maxStaleMs, writes } = checkObject('handle.tier', handle, 'what the cache put there');
  if (!LocalWrites.isBuffer(writes)) {
    throw new InvalidArgumentError('handle.tier.writes', 'what the cache put there', writes);
  }
  checkInteger('handle.tier.maxStaleMs', maxStaleMs, 1, Number.MAX_SAFE_INTEGER);
  const shared = { maxStaleMs, writes };
  if (tier === false) return { tier: undefined, policy: readPolicy({ maxStaleMs }), shared };
  if (tier !== undefined) return { tier, policy: policyOf(tier), shared };
  const hint = 'the cache has a second tier: false, if this thread is to write nothing there';
  throw new InvalidArgumentError('tier', "this thread's own, or false", tier, { hint });
}

/** Of `recreate`: undefined if it is to have none. Throws `InvalidArgumentError`. */
export function nextTier(open: OpenTier | undefined, own: object): Tier | undefined {
  const { tier } = checkOptions<{ tier?: Tier | false }>(own, ['tier']);
  if (tier) return checkTier(tier);
  if (tier === false || !open?.tier) return undefined;
  const hint = 'the cache ends the one that it has';
  throw new InvalidArgumentError('tier', 'another one for the fresh cache, or false', tier, {
    hint,
  });
}

function policyOf(tier: Tier): Policy {
  const policy = readPolicy(checkTier(tier).policy);
  if (globalThis.Buffer !== undefined) return policy;
  throw new UnsupportedError('a second tier needs Buffer, which pages do not have: leave it out');
}
