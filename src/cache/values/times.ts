/**
 * Times of an entry, as the kernel takes them (kernel/store/entry-head.ts): zone time,
 * 0 for never.
 *
 *   expiry   when it is gone · with the code of its own time to live, for `touch`, in the bits
 *            above
 *   fresh    when it gets stale, if it is kept after that; before a second tier, which ends our
 *            belief in it with the expiry, its own end, if that is later; else 0
 *   longTtl  its own time to live where it has no code, or no expiry that could hold one; else 0
 */
import { LAST, type ZoneClock } from '../../border/clock.ts';
import * as facts from '../../generated/facts.ts';

export interface Times {
  expiry: number;
  fresh: number;
  longTtl: number;
}

/** The code stands above the time. */
const CODE_ONE: number = 2 ** facts.TIME_BITS;
/** Milliseconds of the units, from 0 on. */
const UNITS = [1000, 60_000, 3_600_000, 86_400_000];
/** Numbers of a unit, 5 bits: 1, 2, … 20, then 25, 30, … 75. */
const NUMBERS = 32;
const SINGLES = 20;
const FIVES = 16;

/** How long entries of a cache live that have no times of their own. */
interface Lives {
  readonly ttl: number;
  readonly staleFor: number;
}

/** What a time depends on. */
interface Clocked {
  readonly clock: ZoneClock;
  readonly settings: Lives;
  readonly tier: { bound(ttl: number): number } | undefined;
}

/**
 * Times of an entry that is set, or touched, now. Reads the clock.
 *
 * @param hasTags  it stays in this cache, so belief does not bound it
 */
export function timesFrom(
  { clock, settings, tier: link }: Clocked,
  ttl: number | undefined,
  staleFor: number | undefined,
  hasTags: boolean,
): Times {
  const tier = hasTags ? undefined : link;
  const own = ttl ?? settings.ttl;
  const stale = own === 0 ? 0 : (staleFor ?? settings.staleFor);
  const isNoted = stale !== 0 || outlives(settings, tier, own);
  const fresh = isNoted ? clock.expiryIn(own) || (tier ? LAST : 0) : 0;
  const kept = stale === Number.POSITIVE_INFINITY ? 0 : own + stale;
  const expiry = clock.expiryIn(tier ? tier.bound(kept) : kept);
  if (own === 0 || own === settings.ttl) return { expiry, fresh, longTtl: 0 };
  const code = expiry === 0 ? 0 : codeOf(own);
  return { expiry: expiry + code * CODE_ONE, fresh, longTtl: code === 0 ? own : 0 };
}

/** Whether an entry's own end is to be noted, since our belief in it ends before. */
function outlives(settings: Lives, tier: Clocked['tier'], own: number): boolean {
  if (tier === undefined) return false;
  return own === 0 ? settings.ttl !== 0 : tier.bound(own) < own;
}

/**
 * Those of an entry that gets another value and keeps its time to live. Before a tier our belief in
 * it begins anew, unless it has tags.
 *
 * @param newTags   undefined: those that it has
 * @param staleFor  undefined: as long as it had it
 * @returns the ms that it has left as well, 0 = for ever
 */
export function keptTimes(
  { clock, settings, tier }: Clocked,
  { times, tags }: { readonly times: Times; readonly tags: number },
  newTags: readonly string[] | undefined,
  staleFor?: number,
): { times: Times; ttl: number } {
  const had = tags > 0;
  const has = newTags === undefined ? had : newTags.length > 0;
  const now = clock.nowIfNeeded();
  const over = times.expiry % CODE_ONE;
  const end = times.fresh || (tier && isForEver(times, settings) ? LAST : over);
  const ttl = end === 0 || end === LAST ? 0 : Math.max(1, end - now);
  if (staleFor !== undefined && ttl !== 0) {
    const most = tier === undefined || has ? Number.POSITIVE_INFINITY : now + tier.bound(0);
    return { times: keptFor(times, end, staleFor, most), ttl };
  }
  // Without a tier, or kept when it is stale: as it is.
  const kept = over || Number.POSITIVE_INFINITY;
  const isKept = times.fresh !== 0 && times.fresh < kept;
  if (tier === undefined || (had && has) || (isKept && !had)) return { times, ttl };
  const code = times.expiry - over;
  // It stays here from now on, until its own end.
  if (has) return { times: { ...times, expiry: (end === LAST ? 0 : end) + code, fresh: 0 }, ttl };
  const expiry = Math.min(isKept ? kept : end, now + tier.bound(0));
  const outlives = end > expiry && (end !== LAST || settings.ttl !== 0);
  const fresh = had && !isKept ? (outlives ? end : 0) : times.fresh;
  return { times: { ...times, expiry: expiry + code, fresh }, ttl };
}

/** Those of an entry that gets stale at `end`, as before, and is kept for `staleFor` then. */
function keptFor({ expiry, longTtl }: Times, end: number, staleFor: number, most: number): Times {
  const until = Math.min(end + staleFor, most);
  const fresh = staleFor !== 0 || until < end ? end : 0;
  const code = Math.floor(expiry / CODE_ONE);
  if (until < LAST) return { expiry: until + code * CODE_ONE, fresh, longTtl };
  return { expiry: 0, fresh, longTtl: longTtl || ttlOf(code) };
}

/** Of an entry without a time to live of its own: one that never expires goes on so. */
export function ownTtl(times: Times, settings: Lives): number {
  return isForEver(times, settings) ? 0 : settings.ttl;
}

/** How long an entry is kept when it is stale: of one that never is as long as the cache says. */
export function staleForOf(times: Times, settings: Lives): number {
  if (isForEver(times, settings)) return settings.staleFor;
  const { expiry, fresh } = times;
  if (fresh === 0) return 0;
  return expiry === 0 ? Number.POSITIVE_INFINITY : Math.max(0, (expiry % CODE_ONE) - fresh);
}

/** Whether it never expires by itself; before a second tier our belief in it ends all the same. */
function isForEver({ expiry, fresh, longTtl }: Times, { ttl }: Lives): boolean {
  if (fresh !== 0) return fresh === LAST;
  return expiry === 0 || (ttl === 0 && longTtl === 0 && expiry < CODE_ONE);
}

/** 0: it has none. */
function codeOf(ttl: number): number {
  for (let unit = UNITS.length - 1; unit >= 0; unit--) {
    const count = ttl / UNITS[unit]!;
    const number = count <= SINGLES ? count : count / 5 + FIVES;
    if (Number.isInteger(number) && number < NUMBERS) return unit * NUMBERS + number;
  }
  return 0;
}

/** 0 of none. */
function ttlOf(code: number): number {
  const number = code % NUMBERS;
  const count = number <= SINGLES ? number : (number - FIVES) * 5;
  return count * UNITS[(code - number) / NUMBERS]!;
}
