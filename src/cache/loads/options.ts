/** Options of `getOrSet`, and what one call of it asks for. */
import { checkBoolean, checkOptions, checkSignal } from '../../border/arguments.ts';
import { LONGEST_MS } from '../../border/timer.ts';
import type { Signal } from '../../border/waiting.ts';
import { InvalidArgumentError } from '../../errors.ts';
import { readEntryOptions, readStatus } from '../options/call.ts';
import type { SetOptions, Status } from '../options/settings.ts';
import { copyKey, type Key } from '../transfer/transfer.ts';
import type { In } from '../values/values.ts';

export interface LoadOptions extends Pick<SetOptions, 'ttl' | 'staleFor' | 'tags'> {
  /** Ends this caller's wait: its promise is rejected with the signal's reason. Nobody else's. */
  signal?: Signal | undefined;
  /**
   * Milliseconds, default 10,000. Who waits for another's computation computes itself after that;
   * who computes gets a `TimeoutError`, and others may compute. It runs on for a computation whose
   * caller's signal has fired. A process does not end by itself before a pending call has: it may
   * stay for as long as this.
   */
  timeoutMs?: number | undefined;
  /**
   * Computes even if there is a value. Who wants the key meanwhile still gets that. Who changes it,
   * by `touch` as well, wins: the result is not stored.
   */
  forceRefresh?: boolean | undefined;
  /** Gives the value that is there, a stale one as well, where computing it anew has failed. */
  staleIfError?: boolean | undefined;
  /** Is told by `load` where the value came from. */
  status?: Status | undefined;
}

/** Of who stands still, and hears no signal. */
export type LoadSyncOptions = Omit<LoadOptions, 'signal'>;

/** What the function that computes is told, and may change. */
export interface ComputeContext {
  /**
   * Fires when the result would be of use for nobody: meanwhile the key was set, or it, its tag or
   * everything was deleted, by any thread, and nobody waits for it; or time is over, or the cache
   * was closed.
   */
  readonly signal: AbortSignal;
  /** How the result will be stored. */
  readonly options: Pick<SetOptions, 'ttl' | 'staleFor' | 'tags'>;
}

/**
 * Computes a value; undefined: there is none, nothing is stored, and who waited computes itself.
 * `R` is what it returns: `In<V>` where that never is undefined.
 */
export type Compute<V, R = In<V> | undefined> = {
  compute(key: Key, stale: V | undefined, context: ComputeContext): R | Promise<R>;
}['compute'];

/** Likewise, for `getOrSetSync`. */
export type ComputeSync<V, R = In<V> | undefined> = {
  compute(key: Key, stale: V | undefined, context: Omit<ComputeContext, 'signal'>): R;
}['compute'];

/** A call as it was made. */
export interface Call<V> {
  readonly key: Key;
  readonly compute: Compute<V>;
  readonly options: LoadOptions | undefined;
  readonly isSync: boolean;
}

/** A call that computes, with its options read once. */
export interface Request<V> {
  key: Key;
  compute: Compute<V>;
  options: ComputeContext['options'];
  signal: Signal | undefined;
  timeoutMs: number;
  isRefresh: boolean;
  /** Nobody waits for it: it is not computed alone, beside who computes for all. */
  isAside: boolean;
  staleIfError: boolean;
  status: Status;
}

/** How a value that is computed may be stored. */
export const COMPUTED_OPTIONS: readonly string[] = ['ttl', 'staleFor', 'tags'];
const OWN_OPTIONS = ['signal', 'timeoutMs', 'forceRefresh', 'staleIfError', 'status'];
const LOAD_OPTIONS = [...COMPUTED_OPTIONS, ...OWN_OPTIONS];
const SYNC_OPTIONS = LOAD_OPTIONS.filter((name) => name !== 'signal');
const DEFAULT_TIMEOUT_MS = 10_000;
const none: LoadOptions = {};

/** Throws `InvalidArgumentError`. */
export function readRequest<V>({ key, compute, options = none, isSync }: Call<V>): Request<V> {
  const known = isSync ? SYNC_OPTIONS : LOAD_OPTIONS;
  if (options !== none) checkOptions(options, known);
  const { signal, timeoutMs, forceRefresh = false, staleIfError = false, ...others } = options;
  const { status, ...rest } = others;
  checkSignal('signal', signal as AbortSignal | undefined);
  if (options !== none) readEntryOptions(rest, COMPUTED_OPTIONS);
  return {
    key: copyKey(key),
    compute,
    options: rest,
    signal,
    timeoutMs: readTimeout(timeoutMs),
    isRefresh: checkBoolean('forceRefresh', forceRefresh),
    isAside: false,
    staleIfError: checkBoolean('staleIfError', staleIfError),
    status: readStatus(status) ?? {},
  };
}

function readTimeout(timeoutMs: unknown = DEFAULT_TIMEOUT_MS): number {
  if (typeof timeoutMs === 'number' && timeoutMs >= 0) return Math.min(timeoutMs, LONGEST_MS);
  throw new InvalidArgumentError('timeoutMs', 'milliseconds from 0 on, or Infinity', timeoutMs);
}
