/**
 * SharedCache: one compressed cache for all threads.
 *
 * One copy of each value instead of one for each worker, off the garbage-collected heap, within an
 * exact budget: `maxSize` is the size of the zone, metadata included. Any thread may call anything
 * at any time. Reads take no lock and return copies; `set` returns false, and counts a refusal,
 * when a value cannot be kept. Throws only on misuse, and `CorruptionError` when the zone is
 * poisoned.
 */
import { Arena } from '../arena/arena.ts';
import { checkFile } from '../border/arguments.ts';
import { type Now, ZoneClock } from '../border/clock.ts';
import { INSPECT, type Inspect, inspectAs } from '../border/inspect.ts';
import { isSupported, whyUnsupported } from '../border/support.ts';
import { IncompatibleZoneError, ZoneTooSmallError } from '../errors.ts';
import { formatSize } from '../sizes.ts';
import type { Tier } from '../tier/interface.ts';
import { type NamespaceOptions, Namespaces } from './namespaces.ts';
import type { NearStats } from './near/near.ts';
import type { NearOptions, NearSettings } from './near/settings.ts';
import { notKeyvStore } from './options/handle-hint.ts';
import { restoreNames } from './options/names.ts';
import {
  type AttachOptions,
  type GetManyOptions,
  type GetOptions,
  type IncrementOptions,
  type Opened,
  type Refusal,
  type RestoreOptions,
  readHandle,
  readOptions,
  restoredOptions,
  type SetOptions,
  type Settings,
  type SharedCacheHandle,
  type SharedCacheOptions,
  type Status,
  type TimeOptions,
} from './options/settings.ts';
import { openSaved } from './saved/restore.ts';
import { saveCache } from './saved/save.ts';
import { type CacheEvents, type DeadThread, Events } from './telemetry/events.ts';
import { metricsText } from './telemetry/metrics.ts';
import type { CacheStats } from './telemetry/statistics.ts';
import { TierLink } from './tiered/link.ts';
import { nextTier, type OpenTier } from './tiered/settings.ts';
import { Border, type Key } from './transfer/transfer.ts';
import type { Bytes, ValueCodec } from './values/values.ts';
import type { Version } from './values/versions.ts';
import { CacheView } from './view.ts';
import { ViewParts } from './view-parts.ts';

export type {
  AttachOptions,
  CacheEvents,
  CacheStats,
  DeadThread,
  GetManyOptions,
  GetOptions,
  IncrementOptions,
  Key,
  NamespaceOptions,
  NearOptions,
  NearStats,
  Refusal,
  RestoreOptions,
  SetOptions,
  SharedCacheHandle,
  SharedCacheOptions,
  Status,
  TimeOptions,
  Version,
};

/** What a cache is opened with: `attach` alone makes one, and nobody can forge it. */
class Opening<T> {
  readonly arena: Arena;
  readonly settings: Settings;
  readonly codec: ValueCodec<T>;
  readonly now: Now | undefined;
  readonly near: NearSettings | undefined;
  readonly tier: OpenTier | undefined;
  readonly #brand = true;

  constructor(arena: Arena, { settings, codec, now, near, tier }: Opened<T>) {
    this.arena = arena;
    this.settings = settings;
    this.codec = codec;
    this.now = now;
    this.near = near;
    this.tier = tier;
  }

  static is(value: unknown): value is Opening<never> {
    return typeof value === 'object' && value !== null && #brand in value;
  }
}

function create<T>(options: SharedCacheOptions<T>): Opening<T> {
  const { size, ...opened } = readOptions(options);
  return new Opening(new Arena({ size }), opened);
}

export class SharedCache<T = Bytes> extends CacheView<T> implements Disposable {
  readonly #arena: Arena;
  readonly #parts: ViewParts<T>;
  readonly #opening: Opening<T>;
  #events: Events | undefined;
  #namespaces: Namespaces<T> | undefined;

  /** Creates a cache. Throws `InvalidArgumentError`. */
  constructor(options: SharedCacheOptions<T>) {
    const isAttached = Opening.is(options);
    const opening: Opening<T> = isAttached ? options : create(options);
    const parts = open(opening, isAttached);
    super(parts);
    this.#arena = opening.arena;
    this.#parts = parts;
    this.#opening = opening;
  }

  /**
   * Attaches this thread to a cache. A cache with a codec of its own needs the same one again.
   * Throws `InvalidArgumentError`, `IncompatibleZoneError`, `TooManyThreadsError`.
   */
  static attach<T = Bytes>(
    handle: SharedCacheHandle,
    options: AttachOptions<T> = {},
  ): SharedCache<T> {
    const { arena, ...opened } = readHandle(handle, options);
    const opening = new Opening(Arena.attach(arena), opened);
    return new SharedCache<T>(opening as unknown as SharedCacheOptions<T>);
  }

  /**
   * Makes a cache of what `save` has written; its settings are in the file. What has expired
   * meanwhile, by the wall's clock, is left out. Node only.
   *
   * @throws {BadImageError} if the file was cut off, is damaged, or is something else
   */
  static async load<T = Bytes>(
    file: string,
    options: RestoreOptions<T> = {},
  ): Promise<SharedCache<T>> {
    const saved = await openSaved(checkFile('file', file));
    try {
      const cache = new SharedCache<T>(restoredOptions(saved.settings, options));
      try {
        restoreNames(cache.#parts, saved.settings.namespaces);
        await saved.into(cache.#arena, cache.#parts.clock);
      } catch (error) {
        cache.close();
        throw error;
      }
      return cache;
    } finally {
      await saved.close();
    }
  }

  static isSupported(): boolean {
    return isSupported();
  }

  static whyUnsupported(): string | undefined {
    return whyUnsupported();
  }

  get handle(): SharedCacheHandle {
    return { kind: 'pageless-cache', arena: this.arena.handle, ...this.#parts.settings };
  }

  /** The arena that the cache fills: for reports, checks and images. */
  get arena(): Arena {
    this.#parts.live();
    return this.#arena;
  }

  /**
   * A namespace: keys of its own, with values and a time to live of its own, in the budget of the
   * cache. The first who names it says its options; what others leave out is as it was then. Up to
   * 63 names of 64 bytes, which stay the cache's. Not with a second tier.
   *
   * @throws {InvalidArgumentError} if an option is not as the namespace has it
   * @throws {TooManyNamespacesError} if there is no room for another name
   */
  namespace<W extends Uint8Array = Bytes>(
    name: string,
    options: NamespaceOptions<W> & { values: 'bytes' },
  ): CacheView<W>;
  namespace<W extends string = string>(
    name: string,
    options: NamespaceOptions<W> & { values: 'string' },
  ): CacheView<W>;
  namespace<W = unknown>(
    name: string,
    options: NamespaceOptions<W> & { values: 'json' },
  ): CacheView<W>;
  namespace<W>(
    name: string,
    options: NamespaceOptions<W> & { values: ValueCodec<W> },
  ): CacheView<W>;
  /** What it holds is known from before, or as in the cache. */
  namespace<W = T>(name: string, options?: TimeOptions & { values?: undefined }): CacheView<W>;
  /** Of a kind that is known only when the program runs. */
  namespace(name: string, options: NamespaceOptions<unknown>): CacheView<unknown>;
  namespace<W>(name: string, options: NamespaceOptions<W> = {}): CacheView<W> {
    this.#parts.live();
    this.#namespaces ??= new Namespaces(this.#parts, this.#arena.memory);
    return this.#namespaces.open(name, options);
  }

  /**
   * Writes every entry to a file, which `SharedCache.load` reads; under another name until it is
   * whole. All threads go on meanwhile: what changes is in it as it was before or after. Node only.
   *
   * @throws {BadImageError} if it cannot be written; there is no new file then
   */
  async save(file: string): Promise<void> {
    this.#parts.live();
    const { clock, settings } = this.#parts;
    const live = () => this.#parts.live();
    const saved = { arena: this.#arena, clock, settings, live };
    await saveCache(saved, checkFile('file', file));
  }

  /** The figures of `stats` in Prometheus' text format; `labels` tell several caches apart. */
  metrics(labels: Record<string, string> = {}): string {
    return metricsText(this.stats(), this.#arena, labels);
  }

  /**
   * Calls `listener` in this thread, a tenth of a second late at most, while its event loop turns:
   * `poisoned` with the error that every call throws, once; `evicted` with how many entries went
   * since the last time because memory was short; `threadDied` with which thread has ended without
   * closing the cache, and `recovered` with what it had; `tier` when the second one fails, or is
   * there again. Keeps no process alive.
   */
  on<E extends keyof CacheEvents>(event: E, listener: (event: CacheEvents[E]) => void): this {
    this.#listened().on(event, listener);
    return this;
  }

  /** Ends what `on` began. Of a cache that is closed nothing is left to end. */
  off<E extends keyof CacheEvents>(event: E, listener: (event: CacheEvents[E]) => void): this {
    Events.check(event, listener);
    this.#events?.off(event, listener);
    return this;
  }

  #listened(): Events {
    this.#parts.live();
    const { kernel, tier } = this.#parts;
    this.#events ??= new Events(kernel, () => tier?.session?.stats());
    return this.#events;
  }

  /**
   * A fresh and empty cache like this one, with the namespaces that this thread has opened and a
   * handle of its own that the other threads need; this one is closed, and what listens to it
   * listens no more. For a cache that is poisoned. One that has a second tier ends it: the fresh
   * one needs another, or false. Throws `InvalidArgumentError`.
   */
  recreate(own: { tier?: Tier | false | undefined } = {}): SharedCache<T> {
    const { tier: _, values, ...settings } = this.#parts.settings;
    const { codec, now, near, tier } = this.#opening;
    const options = {
      ...settings,
      maxSize: this.arena.size,
      values: values === 'own' ? codec : values,
      now,
      near,
      tier: nextTier(tier, own),
    };
    const fresh = new SharedCache<T>(options);
    restoreNames(fresh.#parts, this.#namespaces?.names() ?? []);
    this.close();
    return fresh;
  }

  /** Gives back this thread's part; the cache lives on in the others. Twice is once. */
  close(): void {
    if (this.#parts.isClosed) return;
    this.#events?.close();
    void this.#parts.tier?.session?.close();
    this.#parts.close();
    this.#arena.close();
  }

  /** As `close`, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Only a Keyv asks for it, which was given the cache where a store is meant. @internal */
  get capabilities(): never {
    throw notKeyvStore();
  }

  /** @internal */
  [INSPECT](depth: number, options: object, inspect: Inspect): string {
    const facts = () => ({
      values: this.#parts.settings.values,
      entries: this.size,
      maxSize: formatSize(this.arena.size),
    });
    return inspectAs('SharedCache', facts, depth, options, inspect);
  }
}

/** Takes this thread's part: its clock and its border. Throws, and then the arena is closed. */
function open<T>(opening: Opening<T>, isAttached: boolean): ViewParts<T> {
  const { arena, settings, codec, now, near, tier } = opening;
  try {
    const clock = openClock(arena, isAttached, now);
    const border = new Border(arena.kernel, arena.memory, clock);
    const parts = new ViewParts(arena.kernel, border, clock, codec, settings);
    if (near) parts.keepNear(near);
    if (tier) parts.tier = new TierLink(parts, arena, tier);
    return parts;
  } catch (error) {
    arena.close();
    throw error;
  }
}

/** Makes the arena a cache, or finds that it is one, and its clock. */
function openClock({ kernel, memory }: Arena, isAttached: boolean, now?: Now): ZoneClock {
  if (isAttached) {
    if (kernel.hasStore() === 0) throw new IncompatibleZoneError('the zone holds no cache');
  } else if (kernel.formatStore() < 0) {
    throw new ZoneTooSmallError('a cache');
  }
  return new ZoneClock(kernel, memory, now);
}
