/**
 * Times of an entry, as the kernel takes them (kernel/store/entry-head.ts): zone time,
 * 0 for never.
 *
 *   expiry   when it is gone · with the code of its own time to live, for `touch`, in the bits
 *            above
 *   fresh    when it gets stale, if it is kept after that; else 0
 *   longTtl  its own time to live where it has no code, or no expiry that could hold one; else 0
 */
import type { ZoneClock } from '../border/clock.ts';
import type { Settings } from './settings.ts';

export interface Times {
  expiry: number;
  fresh: number;
  longTtl: number;
}

/** 2^41, above which the code stands. */
const CODE_ONE: number = 2 ** 41;
/** Milliseconds of the units, from 0 on; the number has 10 bits. */
const UNITS = [1, 1000, 60_000, 3_600_000];
const MOST = 1023;

/** What a time depends on. */
interface Clocked {
  readonly clock: ZoneClock;
  readonly settings: Settings;
  readonly tier: { bound(ttl: number): number } | undefined;
}

/** Times of an entry that is set, or touched, now. Reads the clock. */
export function timesFrom(
  { clock, settings, tier }: Clocked,
  ttl: number | undefined,
  staleFor: number | undefined,
): Times {
  const own = ttl ?? settings.ttl;
  const stale = own === 0 ? 0 : (staleFor ?? settings.staleFor);
  const fresh = stale === 0 ? 0 : clock.expiryIn(own);
  const kept = stale === Number.POSITIVE_INFINITY ? 0 : own + stale;
  const expiry = clock.expiryIn(tier ? tier.bound(kept) : kept);
  if (own === 0 || own === settings.ttl) return { expiry, fresh, longTtl: 0 };
  const code = expiry === 0 ? 0 : codeOf(own);
  return { expiry: expiry + code * CODE_ONE, fresh, longTtl: code === 0 ? own : 0 };
}

/** 0: it has none. */
function codeOf(ttl: number): number {
  for (let unit = UNITS.length - 1; unit >= 0; unit--) {
    const count = ttl / UNITS[unit]!;
    if (Number.isInteger(count) && count <= MOST) return unit * (MOST + 1) + count;
  }
  return 0;
}
