/**
 * A second tier, as whoever writes one for another engine sees it: bytes under bytes, all async.
 *
 * The cache calls it from each thread that was given one; `pageless/redis` and `pageless/lmdb` are
 * two. What is stored is a *frame* (frame.ts): opaque here, made once, given back as it was. A tier
 * may forget whatever it likes, and may not change anything.
 *
 *   key       the bytes of the user's key, without any prefix; the tier adds its own
 *   rejects   with anything, or throws, or answers what is none: the cache counts it as an error,
 *             asks less, and goes on without
 *   order     of two writes of a key the later one wins, also over one that was given up
 *   time-out  the cache's: a call that never answers is given up, and may still come true later
 */

/** What a tier is asked to keep. */
export interface TierEntry {
  readonly key: Uint8Array;
  /** Nobody writes to these bytes any more. */
  readonly frame: Uint8Array;
  /** Milliseconds from now after which nobody needs it; undefined: never. */
  readonly ttl: number | undefined;
}

/**
 * What a tier tells about itself.
 *
 *   changed   somebody else, perhaps another thread, has changed or removed these keys
 *   cleared   somebody has removed all of them
 *   lost      changes are no longer told: the connection is gone
 *   armed     changes are told again, from now on
 */
export type TierEvent =
  | { readonly type: 'changed'; readonly keys: readonly Uint8Array[] }
  | { readonly type: 'cleared' | 'armed' }
  | { readonly type: 'lost'; readonly error?: Error | undefined };

export interface Tier {
  /** For figures and messages. */
  readonly name: string;
  /** How the cache is to use it, unless its user says otherwise. */
  readonly policy?: TierPolicy;
  /** The frames of several keys, in their order; undefined or null for what is not there. */
  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | null | undefined)[]>;
  /**
   * Keeps several frames. Resolved when all are kept or refused. @returns for each whether it is
   * kept; a key that is refused has no frame afterwards, not an older one
   */
  setMany(entries: readonly TierEntry[]): Promise<boolean[]>;
  /** Removes several keys; those that are not there as well. */
  deleteMany(keys: readonly Uint8Array[]): Promise<void>;
  /** Removes every key of this prefix, for all who use it, by beginning another epoch. */
  clear(): Promise<void>;
  /**
   * Begins to tell what others change, once. A change by this object itself is not told. A tier
   * without this tells nobody: what comes from it is believed for `maxStaleMs`.
   */
  invalidations?(listener: (event: TierEvent) => void): void;
  /** Ends it. Calls under way may reject. */
  close(): Promise<void>;
}

export interface TierPolicy {
  /**
   * Longest time, in milliseconds, that an entry is believed without the tier being asked again,
   * whatever happens to connections, threads and event loops: default 60,000.
   */
  maxStaleMs?: number | undefined;
  /**
   * `'through'` (default): writes leave at the end of this turn of the event loop; `'behind'`:
   * within `writeDelayMs`, so that a key that is written often is sent once.
   */
  writes?: 'through' | 'behind' | undefined;
  /** With `writes: 'behind'` alone: default 50. */
  writeDelayMs?: number | undefined;
  /**
   * What may wait to be written, or be on its way, as bytes or a text like `'16MiB'`; the oldest is
   * dropped. A value takes three quarters of it at most.
   */
  maxQueue?: number | string | undefined;
  /** Milliseconds after which a call counts as failed: default 500. */
  timeoutMs?: number | undefined;
  /** Milliseconds that `close` gives the queue: default 2,000. */
  closeTimeoutMs?: number | undefined;
}

/** Figures of this thread's part in a tier: calls since it was opened. */
export interface TierStats {
  readonly name: string;
  /** Whether the tier tells what others change; `'silent'`: it never does. */
  readonly channel: 'armed' | 'lost' | 'silent';
  /**
   * `'closed'`: calls go through; `'open'`: none do; `'half-open'`: one does, to see. Reads and
   * writes have one each: this is the one that lets less through.
   */
  readonly breaker: 'closed' | 'open' | 'half-open';
  /** Keys that were asked for, found, and found with a frame that is not ours, or damaged. */
  readonly gets: number;
  readonly hits: number;
  readonly foreign: number;
  /** Values that came back but were not kept here: their key had changed meanwhile. */
  readonly outrun: number;
  /** Keys written, and removed. */
  readonly sets: number;
  readonly deletes: number;
  /** Values with tags, which stayed here: their keys are among `deletes`. */
  readonly tagged: number;
  /** Writes that the tier had no room for, and that the queue had none for. */
  readonly refusals: number;
  readonly dropped: number;
  /** Writes that were not sent, since another thread has written the key meanwhile. */
  readonly superseded: number;
  /** Keys that others changed, as the tier told. */
  readonly invalidations: number;
  readonly errors: number;
  readonly timeouts: number;
  /** What waits to be written, or is on its way. */
  readonly queue: { readonly entries: number; readonly bytes: number };
  /** Of calls that were answered, in milliseconds; upper bounds, a power of two apart. */
  readonly latency: {
    readonly calls: number;
    readonly p50: number;
    readonly p99: number;
    readonly max: number;
  };
  /** The last thing that went wrong, without URLs, users and addresses in numbers. */
  readonly lastError: string | undefined;
}
