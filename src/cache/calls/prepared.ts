/** A value that is ready to be stored, and what became of it. */
import type { ZoneClock } from '../../border/clock.ts';
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
): Prepared {
  const { codec, settings } = parts;
  const length = checkSerialized(codec, bytes);
  const times = timesFrom(parts, ttl, staleFor, tags.length > 0);
  return { bytes, length, times, tags, ttl: ttl ?? settings.ttl };
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
