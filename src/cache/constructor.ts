/**
 * SharedCache as programs see it: one class, whose type of value follows from what `values` says.
 *
 * A class cannot have constructors of different type parameters, so its public face is this
 * interface beside a type of the same name. The parameters are not constrained, and the options
 * are: who writes `extends SharedCache<User>` must satisfy the constraints of all constructors.
 *
 * What that costs, and no other typing spares (docs/decisions/0092-types-of-the-constructor.md): a
 * subclass names its type, for without one the constructors do not agree; and of a type parameter
 * the compiler does not know whether it is bytes or a text, so within a generic function
 * `new SharedCache<V>` needs a codec, or JSON.
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

/** Asks nothing of options where V is of a kind, and refuses all where it is not. */
type Only<V, Kind> = [V] extends [Kind] ? unknown : never;

export interface SharedCacheConstructor {
  /** Creates a cache of bytes. Throws `InvalidArgumentError`, as all of these. */
  new <V = Bytes>(
    options: SharedCacheOptions<V> & { values?: 'bytes' | undefined } & Only<V, Uint8Array>,
  ): SharedCache<V>;
  /** Creates a cache of texts. */
  new <V = string>(
    options: SharedCacheOptions<V> & { values: 'string' } & Only<V, string>,
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
