/**
 * What a user's function has computed, or thrown: stored, and handed on to those who wait.
 */

import type { ZoneClock } from '../../border/clock.ts';
import type { KernelExports } from '../../border/kernel.ts';
import { PagelessError } from '../../errors.ts';
import * as facts from '../../generated/facts.ts';
import { fixedView } from '../../language/brands.ts';
import { type Described, fillIn, prepare, refuseTooLarge, TOO_LARGE } from '../calls/prepared.ts';
import { readEntryOptions } from '../options/call.ts';
import { isRaw, type SetOptions, type Settings } from '../options/settings.ts';
import { type TierLink, UNKNOWN_LENGTH } from '../tiered/link.ts';
import type { Border, Key } from '../transfer/transfer.ts';
import type { Decoder, In, ValueCodec } from '../values/values.ts';
import { tellError } from './compute-error.ts';
import type { Lease } from './lease.ts';
import type { Load, Outcome } from './load.ts';
import { COMPUTED_OPTIONS, type Request } from './options.ts';

/** What a loader needs of its cache. */
export interface LoaderHost<V> {
  /** Throws `DisposedError`. */
  live(): Border;
  readonly kernel: KernelExports;
  readonly clock: ZoneClock;
  readonly codec: ValueCodec<V>;
  readonly decode: Decoder<V>;
  readonly settings: Settings;
  /** Asked before the function computes, and told of what it has computed. */
  readonly tier: TierLink<V> | undefined;
}

/** Notes what must be so still when its result is stored. */
export function beginAlone<V>(host: LoaderHost<V>, load: Load, key: Key): void {
  load.version = host.kernel.beginAlone(host.live().putKey(key));
  load.entry = host.kernel.aloneEntry();
}

/**
 * What the key has; nothing, if the user's codec cannot read it: that is computed anew.
 *
 * @param wanted  GET_…
 */
export function look<V>(
  host: LoaderHost<V>,
  key: Key,
  wanted = 0,
  decode: Decoder<V> = host.decode,
): V | undefined {
  const border = host.live();
  try {
    return border.incoming.fetch(border.putKey(key), decode, wanted);
  } catch (error) {
    if (error instanceof PagelessError) throw error;
    return undefined;
  }
}

/**
 * Whether what is being computed would not be stored, and no other thread waits for it.
 *
 * @param options  as the function has them: how the result will be stored
 */
export function isVain<V>(
  host: LoaderHost<V>,
  { lease, born, version, entry }: Load,
  key: Key,
  options: SetOptions,
): boolean {
  try {
    if (lease?.isAwaited) return false;
    const isCurrent = lease
      ? lease.isCurrent
      : host.kernel.isVain(host.live().putKey(key), version, entry) === 0;
    return !isCurrent || isDead(host, born, options);
  } catch {
    // Of options that are wrong, or a cache that is closed, others tell.
    return false;
  }
}

/** Whether a tag was deleted, or its namespace cleared, since the tag clock showed `born`. */
function isDead<V>(host: LoaderHost<V>, born: number, options: SetOptions): boolean {
  const { tags = [] } = readEntryOptions(options, COMPUTED_OPTIONS);
  const { kernel } = host;
  const border = host.live();
  if (border.space !== 0 && kernel.isClearedSince(border.space, born) !== 0) return true;
  return tags.some((tag) => kernel.isTagDeletedSince(border.putKey(tag), born) !== 0);
}

/**
 * Stores what was computed, if it may be, and ends the lease.
 *
 * @returns what others get, and the bytes of the value, undefined if there is none
 */
export function keep<V>(
  host: LoaderHost<V>,
  load: Load,
  request: Pick<Request<V>, 'key' | 'status'>,
  value: In<V> | undefined,
  options: SetOptions,
): { outcome: Outcome; bytes: Uint8Array | undefined } {
  if (value === undefined) {
    host.live();
    load.lease?.end(true);
    return { outcome: { kind: 'alone' }, bytes: undefined };
  }
  const serialized = host.codec.serialize(value as V);
  const prepared = prepare(host, serialized, readEntryOptions(options, COMPUTED_OPTIONS));
  const bytes = fixedView(serialized, prepared.length);
  return { outcome: store(host, load, request, { ...prepared, bytes }), bytes };
}

function store<V>(
  host: LoaderHost<V>,
  load: Load,
  { key, status }: Pick<Request<V>, 'key' | 'status'>,
  prepared: Described,
): Outcome {
  const { kernel, tier } = host;
  // The user's code may have closed the cache, or used the scratch.
  const border = host.live();
  const keyBytes = border.putKey(key);
  tier?.note(key, keyBytes);
  // A tag that is deleted, or a namespace cleared, since the function was called: it is dead.
  const isMortal = prepared.tags.length > 0 || border.space !== 0;
  const failure = write(host, load, keyBytes, prepared, isMortal);
  tier?.tell(failure, border.putKey(key), { ...prepared, length: UNKNOWN_LENGTH });
  if (failure === 0) return { kind: 'stored' };
  if (failure === facts.ERR_UNMET)
    return discarded(kernel, prepared.bytes, isMortal ? load.born : undefined);
  fillIn(status, kernel.setOutcome(failure), prepared.length, failure === TOO_LARGE);
  load.lease?.end(true);
  return { kind: 'alone' };
}

/** Under the lease, or without one if the key is as it was. @returns 0, TOO_LARGE or ERR_… */
function write<V>(
  host: LoaderHost<V>,
  { lease, version, entry, born }: Load,
  keyBytes: number,
  prepared: Described,
  isMortal: boolean,
): number {
  const { kernel, settings } = host;
  const { length, times, tags } = prepared;
  const { outgoing, details } = host.live();
  if (length > settings.maxEntrySize) return refuseTooLarge(kernel, keyBytes);
  if (isMortal || times.fresh !== 0 || times.longTtl !== 0)
    details.describe(keyBytes, times, tags, born);
  const raw = isRaw(settings);
  if (lease) return commit(kernel, lease, outgoing.draft(lease, keyBytes, prepared, raw));
  kernel.allowEntry(entry);
  return outgoing.storeIf(facts.IF_QUIET, version, keyBytes, prepared, raw);
}

/** @param born  if a tag, or its namespace, could have killed it */
function discarded(
  kernel: KernelExports,
  bytes: Uint8Array,
  born: number = Number.POSITIVE_INFINITY,
): Outcome {
  kernel.countLoad(facts.LOADS_DISCARDED);
  return { kind: 'bytes', bytes: new Uint8Array(bytes), born };
}

function commit(kernel: KernelExports, { number, grant }: Lease, hasRoom: boolean): number {
  return hasRoom ? kernel.commitLease(number, grant) : facts.ERR_NO_MEMORY;
}

/** Counts an error, and ends the lease with it for those who wait in other threads. */
export function tell<V>(host: LoaderHost<V>, { lease }: Load, key: Key, error: unknown): void {
  host.kernel.countLoad(facts.LOADS_FAILED);
  if (lease === undefined) return;
  // Its fields may be getters, which may use the scratch, or close the cache.
  const bytes = tellError(error);
  const value = { bytes, length: bytes.length, times: { expiry: 0 } };
  const border = host.live();
  if (border.outgoing.draft(lease, border.putKey(key), value, false)) {
    host.kernel.failLease(lease.number, lease.grant);
  } else lease.end(false);
}
