/**
 * What a cache is made with, as its creator says it (options) and as it crosses to other threads
 * (a handle). Both come from outside, so each field is checked, and read once.
 *
 * A time to live is in milliseconds; 0 stands for none, as do `Infinity` and leaving it out.
 */
import type { ArenaHandle } from '../../arena/arena.ts';
import { checkInteger, checkObject, checkOptions } from '../../border/arguments.ts';
import type { Now } from '../../border/clock.ts';
import { WASM_PAGE_BYTES } from '../../border/support.ts';
import { InvalidArgumentError } from '../../errors.ts';
import { isRevoked } from '../../language/brands.ts';
import { parseSize } from '../../sizes.ts';
import { wasmPagesFor } from '../../threads/zone.ts';
import type { Tier } from '../../tier/interface.ts';
import { type NearOptions, type NearSettings, readNear } from '../near/settings.ts';
import { attachTier, createTier, type OpenTier, type TierHandle } from '../tiered/settings.ts';
import { isValueKind, type ValueCodec, type ValueKind, valueCodec } from '../values/values.ts';
import { KIND, notHandle } from './handle-hint.ts';

export interface SharedCacheOptions<T> {
  /** Bytes, or a text like `'256MiB'`; 4 MiB … 4 GiB, everything included. Never exceeded. */
  maxSize: number | string;
  /**
   * What the cache holds: `'bytes'` (Uint8Array), `'string'`, `'json'`, or a codec of one's own.
   */
  values?: ValueKind | ValueCodec<T> | undefined;
  /** Milliseconds after which an entry is as good as gone; 0 and Infinity, the default: never. */
  ttl?: number | undefined;
  /**
   * Milliseconds for which an entry is kept when its time is over, for who allows stale ones; 0.
   */
  staleFor?: number | undefined;
  /**
   * Longest value, in bytes as stored before compression, default an eighth of `maxSize`: that at
   * most, and less than 2 GiB.
   */
  maxEntrySize?: number | string | undefined;
  /** `'lz4'` (default) or `'none'`. */
  compression?: 'lz4' | 'none' | undefined;
  /**
   * A clock for tests: milliseconds that only rise, from any start. Every thread needs the same
   * one. By default the system's own, which nobody can set back.
   */
  now?: (() => number) | undefined;
  /** Keeps decoded values of its hottest keys in this thread. */
  near?: NearOptions | undefined;
  /** A second tier: `redisTier()`, `lmdbTier()`, or one of one's own. */
  tier?: Tier | undefined;
}

export interface TimeOptions {
  /** Milliseconds, for this entry; 0 and Infinity: never, whatever the cache's is. */
  ttl?: number | undefined;
  /**
   * Milliseconds for which it is kept when its time is over, for those who allow stale ones; 0: it
   * is gone then. `touch`, `update` and `increment` leave it, the others take the cache's.
   */
  staleFor?: number | undefined;
}

/**
 * Why a value was not kept: it is longer than `maxEntrySize`; nothing was left to evict; or a
 * thread stood in a read for a second, and kept what was evicted from being freed.
 */
export type Refusal = 'too-large' | 'no-memory' | 'stalled-reader';

/** What became of a call: filled in by it, as lru-cache's. */
export interface Status {
  get?: 'hit' | 'stale' | 'miss';
  /** `'replace'` also of what was over, and not yet gone: only `add` looks. */
  set?: 'add' | 'replace' | 'refused';
  /** Why it was refused: too large, no memory, or another thread has kept it for a second. */
  refusal?: Refusal;
  /** Of `getOrSet`: where the value came from. */
  load?: 'hit' | 'stale' | 'computed' | 'waited' | 'tier';
  /** Bytes of the value. */
  entrySize?: number;
}

export interface GetOptions {
  /** Whether an entry may be past its time; only those are there that were set with `staleFor`. */
  allowStale?: boolean | undefined;
  /** Gives the entry its time to live anew. That is a write: to read is several times cheaper. */
  updateAgeOnGet?: boolean | undefined;
  status?: Status | undefined;
}

/** Of several keys, of which one `status` could not tell. */
export type GetManyOptions = Omit<GetOptions, 'status'>;

export interface SetOptions extends TimeOptions {
  /**
   * Up to 8 texts of up to 256 bytes: `deleteTag` deletes all entries that have it. With a second
   * tier such an entry stays here, and its key is removed there.
   */
  tags?: readonly string[] | undefined;
  /** Leaves the time of an entry that is overwritten as it is: `ttl` is for a new one. */
  noUpdateTTL?: boolean | undefined;
  status?: Status | undefined;
}

export interface IncrementOptions extends SetOptions {
  /** What a key that has no value counts from; 0. */
  initial?: number | undefined;
}

export interface AttachOptions<T> {
  /** The codec, if the cache has one of its own. */
  values?: ValueKind | ValueCodec<T> | undefined;
  /** The clock, if the cache has one of its own. */
  now?: (() => number) | undefined;
  /** Keeps decoded values of its hottest keys in this thread. */
  near?: NearOptions | undefined;
  /**
   * This thread's own connection to the tier, if the cache has one; false: it has none, and what it
   * sets and deletes is not written there.
   */
  tier?: Tier | false | undefined;
}

export interface RestoreOptions<T> extends AttachOptions<T> {
  /**
   * Another size than the saved cache's: of a smaller one the first entries may be evicted at once.
   */
  maxSize?: number | string | undefined;
}

/** What another thread needs to attach. Structured-cloneable. */
export interface SharedCacheHandle {
  kind: 'pageless-cache';
  arena: ArenaHandle;
  /** `'own'`: the codec is code, so the attaching thread must bring the same one. */
  values: ValueKind | 'own';
  ttl: number;
  staleFor: number;
  maxEntrySize: number;
  compression: 'lz4' | 'none';
  /** There, if the cache has a second tier. */
  tier?: TierHandle;
}

export type Settings = Omit<SharedCacheHandle, 'kind' | 'arena'>;

/** A namespace as a file has it; of `'cache'` the codec is that which the cache was made with. */
export interface SavedName {
  name: string;
  values: ValueKind | 'own' | 'cache';
  ttl: number;
  staleFor: number;
}

/** Whether values are stored as they are. */
export function isRaw({ compression }: Pick<Settings, 'compression'>): boolean {
  return compression === 'none';
}

/** What a file says. A tier is a connection of the process that saved. */
export interface SavedSettings extends Omit<Settings, 'tier'> {
  maxSize: number;
  namespaces: readonly SavedName[];
}

const CACHE_OPTIONS = [
  'maxSize',
  'values',
  'ttl',
  'staleFor',
  'maxEntrySize',
  'compression',
  'now',
  'near',
  'tier',
];
const ATTACH_OPTIONS = ['values', 'now', 'near', 'tier'];
const RESTORE_OPTIONS = [...ATTACH_OPTIONS, 'maxSize'];
/** The kernel's numbers are signed. */
const MAX_ENTRY_BYTES: number = 2 ** 31 - 1;
/** Of `maxSize`, that one value may take unless told otherwise. */
const ENTRY_SHARE: number = 1 / 8;

/** What options or a handle say, besides where the memory is. */
export interface Opened<T> {
  readonly settings: Settings;
  readonly codec: ValueCodec<T>;
  readonly now: Now | undefined;
  readonly near: NearSettings | undefined;
  readonly tier: OpenTier | undefined;
}

/** Of `new SharedCache`. Throws `InvalidArgumentError`. */
export function readOptions<T>(options: SharedCacheOptions<T>): Opened<T> & { size: number } {
  const {
    maxSize,
    values = 'bytes',
    ttl,
    staleFor,
    maxEntrySize,
    compression = 'lz4',
    now,
    near,
    tier,
  } = checkOptions(options, CACHE_OPTIONS);
  const bytes = wasmPagesFor('maxSize', maxSize) * WASM_PAGE_BYTES;
  const size = parseSize('maxSize', maxSize);
  const longest =
    maxEntrySize === undefined ? size * ENTRY_SHARE : parseSize('maxEntrySize', maxEntrySize);
  if (longest > Math.min(size, MAX_ENTRY_BYTES)) {
    const expected = longest > size ? 'maxSize or less' : 'less than 2 GiB';
    throw new InvalidArgumentError('maxEntrySize', expected, maxEntrySize);
  }
  const codec = valueCodec(values);
  const settings: Settings = {
    values: isValueKind(values) ? values : 'own',
    ttl: readTtl(ttl, 0),
    staleFor: readStaleFor(staleFor, 0),
    maxEntrySize: Math.min(Math.floor(longest), bytes),
    compression: checkCompression('compression', compression),
  };
  const ownNear = readNear(near);
  const opened = tier === undefined ? undefined : createTier(tier);
  if (opened) settings.tier = opened.shared;
  return { size, settings, codec, now: checkNow(now), near: ownNear, tier: opened };
}

/** Of `SharedCache.attach`. Throws `InvalidArgumentError`. */
export function readHandle<T>(
  handle: SharedCacheHandle,
  options: AttachOptions<T>,
): Opened<T> & { arena: ArenaHandle } {
  if (typeof handle !== 'object' || handle === null || isRevoked(handle)) throw notHandle(handle);
  const { kind, arena, values, ttl, staleFor = 0, maxEntrySize, compression, tier } = handle;
  if (kind !== KIND) throw notHandle(handle);
  const settings: Settings = {
    values,
    ttl: checkInteger('handle.ttl', ttl, 0, Number.MAX_SAFE_INTEGER),
    staleFor: readStaleFor(staleFor, 0),
    maxEntrySize: checkInteger('handle.maxEntrySize', maxEntrySize, 1, MAX_ENTRY_BYTES),
    compression: checkCompression('handle.compression', compression),
  };
  const own = checkOptions(options, ATTACH_OPTIONS);
  const near = readNear(own.near);
  const opened = attachTier(tier, own.tier);
  if (opened) settings.tier = opened.shared;
  const codec = codecFor(values, own.values);
  return { arena, settings, codec, now: checkNow(own.now), near, tier: opened };
}

/** Options of a cache that is loaded from a file; what is said there cannot be contradicted. */
export function restoredOptions<T>(
  { values: kind, namespaces: _, ...saved }: SavedSettings,
  options: RestoreOptions<T>,
): SharedCacheOptions<T> {
  const own = checkOptions(options, RESTORE_OPTIONS);
  const { values, maxSize = saved.maxSize, now, near, tier } = own;
  const codec = codecFor(kind, values);
  const maxEntrySize = Math.min(saved.maxEntrySize, parseSize('maxSize', maxSize));
  return {
    ...saved,
    maxEntrySize,
    maxSize,
    values: kind === 'own' ? codec : kind,
    now,
    near,
    tier: tier === false ? undefined : tier,
  };
}

/** The codec of a handle's kind of values. What the options say must not contradict it. */
function codecFor<T>(
  kind: ValueKind | 'own',
  values: ValueKind | ValueCodec<T> | undefined,
): ValueCodec<T> {
  if (kind !== 'own' && !isValueKind(kind)) {
    throw new InvalidArgumentError('handle.values', "'bytes', 'string', 'json' or 'own'", kind);
  }
  if (kind === 'own') {
    const expected = 'the codec { serialize, deserialize } that the cache was made with';
    if (isValueKind(values)) throw new InvalidArgumentError('values', expected, values);
    return valueCodec(checkObject('values', values, expected));
  }
  if (values === undefined || values === kind) return valueCodec<T>(kind);
  throw new InvalidArgumentError('values', `'${kind}', as in the cache, or left out`, values);
}

function checkCompression(name: string, value: unknown): 'lz4' | 'none' {
  if (value === 'lz4' || value === 'none') return value;
  throw new InvalidArgumentError(name, "'lz4' or 'none'", value);
}

function checkNow(now: unknown): Now | undefined {
  if (now === undefined || typeof now === 'function') return now as Now | undefined;
  throw new InvalidArgumentError('now', 'a function that returns milliseconds', now);
}

/** Milliseconds; Infinity is kept. Throws `InvalidArgumentError`. */
export function readStaleFor<U extends number | undefined>(
  staleFor: unknown,
  unsaid: U,
): number | U {
  if (staleFor === undefined) return unsaid;
  const isWhole = Number.isSafeInteger(staleFor) && (staleFor as number) >= 0;
  if (isWhole || staleFor === Number.POSITIVE_INFINITY) return staleFor as number;
  throw new InvalidArgumentError('staleFor', 'whole milliseconds, or Infinity', staleFor);
}

/** Milliseconds, 0 for never; `unsaid` when it was left out. Throws `InvalidArgumentError`. */
export function readTtl<U extends number | undefined>(ttl: unknown, unsaid: U): number | U {
  if (ttl === undefined) return unsaid;
  if (ttl === Number.POSITIVE_INFINITY) return 0;
  if (Number.isSafeInteger(ttl) && (ttl as number) >= 0) return ttl as number;
  throw new InvalidArgumentError('ttl', 'whole milliseconds, or 0 or Infinity for never', ttl);
}
