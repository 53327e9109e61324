/**
 * SharedCache as programs see it: one class, whose type of value follows from what `values` says.
 *
 * A class cannot have constructors of different type parameters, so its public face is this
 * interface beside a type of the same name. To extend a cache, hold one: what it needs of its own
 * class is private, and a subclass would have to choose one of the constructors.
 */
import type {
  AttachOptions,
  RestoreOptions,
  SharedCacheHandle,
  SharedCacheOptions,
} from './options/settings.ts';
import { SharedCache as Implementation } from './shared-cache.ts';
import type { Bytes, ValueCodec } from './values/values.ts';

export type SharedCache<V = Bytes> = Implementation<V>;

export interface SharedCacheConstructor {
  /** Creates a cache of bytes. Throws `InvalidArgumentError`, as all of these. */
  new <V extends Uint8Array = Bytes>(
    options: SharedCacheOptions<V> & { values?: 'bytes' | undefined },
  ): SharedCache<V>;
  /** Creates a cache of texts. */
  new <V extends string = string>(
    options: SharedCacheOptions<V> & { values: 'string' },
  ): SharedCache<V>;
  /** Creates a cache of what JSON can express. */
  new <V = unknown>(options: SharedCacheOptions<V> & { values: 'json' }): SharedCache<V>;
  /** Creates a cache of what a codec of one's own makes bytes of. */
  new <V>(options: SharedCacheOptions<V> & { values: ValueCodec<V> }): SharedCache<V>;
  /** Creates a cache of a kind that is known only when the program runs. */
  new (options: SharedCacheOptions<unknown>): SharedCache<unknown>;
  readonly prototype: SharedCache<unknown>;
  /**
   * Attaches this thread to a cache. A cache with a codec of its own needs the same one again. What
   * the values are is not known from a handle: say it, or they are bytes to the compiler.
   * Throws `InvalidArgumentError`, `IncompatibleZoneError`, `TooManyThreadsError`.
   */
  attach<V = Bytes>(handle: SharedCacheHandle, options?: AttachOptions<V>): SharedCache<V>;
  /**
   * Makes a cache of what `save` has written; its settings are in the file. What has expired
   * meanwhile, by the wall's clock, is left out. Node only. Throws `BadImageError` if the file was
   * cut off, is damaged, or is something else.
   */
  load<V = Bytes>(file: string, options?: RestoreOptions<V>): Promise<SharedCache<V>>;
  /** Whether caches can be had here: shared memory, WebAssembly, and leave to use them. */
  isSupported(): boolean;
  /** Why they cannot, and what to change: for people. Undefined: they can. */
  whyUnsupported(): string | undefined;
}

export const SharedCache: SharedCacheConstructor = Implementation;
