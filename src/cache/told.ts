/** Calls that are told besides, to who listens to the metrics. */
import { metrics } from '../border/channels.ts';
import type { SetOptions, Status } from './options/settings.ts';
import type { Key } from './transfer/transfer.ts';
import type { In } from './values/values.ts';
import type { ViewParts } from './view-parts.ts';

/** `set`, told to `pageless:metrics`. */
export function setTold<T>(
  parts: ViewParts<T>,
  key: Key,
  value: In<T>,
  options: SetOptions | undefined,
): boolean {
  const status: Status = options?.status ?? {};
  const isKept = parts.writer.set(key, value, { ...options, status });
  parts.tell({ op: 'set', key, ...status });
  return isKept;
}

/** `delete`, told likewise. */
export function removed<T>(parts: ViewParts<T>, key: Key, isRemoved: boolean): boolean {
  if (metrics.hasSubscribers) parts.tell({ op: 'delete', key, isRemoved });
  return isRemoved;
}
