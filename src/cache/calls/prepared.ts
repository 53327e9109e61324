/** A value that is ready to be stored, and what became of it. */
import type { ZoneClock } from '../../border/clock.ts';
import type { KernelExports } from '../../border/kernel.ts';
import * as facts from '../../generated/facts.ts';
import type { EntryOptions } from '../options/call.ts';
import type { Settings, Status } from '../options/settings.ts';
import type { TierLink } from '../tiered/link.ts';
import type { ValueOut } from '../transfer/outgoing.ts';
import { type Times, timesFrom } from '../values/times.ts';
import { checkSerialized, type ValueCodec } from '../values/values.ts';

export interface Prepared extends ValueOut {
  times: Times;
  /** Undefined: those of the entry that it takes the place of. */
  tags: readonly string[] | undefined;
  /** Milliseconds, for the tier. */
  ttl: number;
}

/** One that says its tags. */
export interface Described extends Prepared {
  tags: readonly string[];
}

/** What a value is prepared with. */
export interface PreparingParts<T> {
  readonly clock: ZoneClock;
  readonly codec: ValueCodec<T>;
  readonly settings: Settings;
  readonly tier: TierLink<T> | undefined;
}

/** An outcome beside the kernel's: it was not tried. */
export const TOO_LARGE = -1000;
export const NO_TAGS: readonly string[] = [];

/** @param bytes  what the codec has made of the value */
export function prepare<T>(
  parts: PreparingParts<T>,
  bytes: Uint8Array,
  { ttl, staleFor, tags = NO_TAGS }: EntryOptions,
): Described {
  const { codec, settings } = parts;
  const length = checkSerialized(codec, bytes);
  const times = timesFrom(parts, ttl, staleFor, tags.length > 0);
  return { bytes, length, times, tags, ttl: ttl ?? settings.ttl };
}

/** Counts a value above `maxEntrySize` as refused; its key keeps what it has. */
export function refuseTooLarge(
  kernel: Pick<KernelExports, 'refuseSet'>,
  keyBytes: number,
): typeof TOO_LARGE {
  kernel.refuseSet(keyBytes & ~facts.LENGTH_MASK);
  return TOO_LARGE;
}

/** Fills a status in, of what was stored or refused. @param became  SET_… */
export function fillIn(status: Status, became: number, length: number, isTooLarge = false): void {
  status.entrySize = length;
  if (became === facts.SET_ADDED) status.set = 'add';
  else if (became === facts.SET_REPLACED) status.set = 'replace';
  else {
    status.set = 'refused';
    const reason = became === facts.SET_STALLED ? 'stalled-reader' : 'no-memory';
    status.refusal = isTooLarge ? 'too-large' : reason;
  }
}
