/**
 * What a view of a cache works with: this thread's border, clock, codec, and what is made of them.
 */
import { type CallMetrics, metrics } from '../border/channels.ts';
import type { ZoneClock } from '../border/clock.ts';
import type { KernelExports } from '../border/kernel.ts';
import { DisposedError } from '../errors.ts';
import { Living } from '../language/living.ts';
import { Many } from './calls/many.ts';
import { Reader } from './calls/reader.ts';
import { ManySetter } from './calls/set-many.ts';
import { Updater } from './calls/updater.ts';
import { Writer } from './calls/writer.ts';
import { Loader } from './loads/loader.ts';
import { Near, type NearStats, sumOf } from './near/near.ts';
import type { NearSettings } from './near/settings.ts';
import type { Settings } from './options/settings.ts';
import type { TierLink } from './tiered/link.ts';
import type { Border } from './transfer/transfer.ts';
import { type Decoder, decoderOf, type ValueCodec } from './values/values.ts';

/** What ends with the cache: its own, and that of its namespaces in this thread. */
interface Life {
  isClosed: boolean;
  readonly loaders: Living<{ close(): void }>;
  readonly nears: Living<{ clear(): void; stats(): NearStats }>;
}

export class ViewParts<T> {
  readonly kernel: KernelExports;
  readonly clock: ZoneClock;
  readonly codec: ValueCodec<T>;
  readonly decode: Decoder<T>;
  readonly settings: Settings;
  readonly reader: Reader<T>;
  readonly writer: Writer<T>;
  /** Number of a namespace, 0 = none. */
  readonly space: number;
  /** What this thread keeps decoded. */
  near: Near<T> | undefined;
  /** What a second tier is reached by. */
  tier: TierLink<T> | undefined;
  /** What tells of its calls, and its name if it is a namespace. */
  view: object = this;
  name: string | undefined;
  readonly #border: Border;
  readonly #life: Life;
  #loader: Loader<T> | undefined;
  #many: Many<T> | undefined;
  #manySetter: ManySetter<T> | undefined;
  #updater: Updater<T> | undefined;

  constructor(
    kernel: KernelExports,
    border: Border,
    clock: ZoneClock,
    codec: ValueCodec<T>,
    settings: Settings,
    life: Life = { isClosed: false, loaders: new Living(), nears: new Living() },
  ) {
    this.kernel = kernel;
    this.#border = border;
    this.#life = life;
    this.space = border.space;
    this.clock = clock;
    this.codec = codec;
    this.decode = decoderOf(codec);
    this.settings = settings;
    this.writer = new Writer(this);
    this.reader = new Reader(this);
  }

  /** Those of a namespace of this cache. */
  inSpace<W>(border: Border, codec: ValueCodec<W>, settings: Settings): ViewParts<W> {
    const parts = new ViewParts(this.kernel, border, this.clock, codec, settings, this.#life);
    if (this.near) parts.keepNear(this.near.options);
    return parts;
  }

  keepNear(options: NearSettings): void {
    this.near = new Near(this, options);
    this.#life.nears.add(this.near);
  }

  /** Of a namespace its own; of a cache with those of its namespaces, in this thread. */
  nearStats(): NearStats | undefined {
    if (this.space !== 0 || this.near === undefined) return this.near?.stats();
    return sumOf(this.#life.nears.all().map((near) => near.stats()));
  }

  /** Made for the first call that finds no value. */
  get loader(): Loader<T> {
    if (this.#loader) return this.#loader;
    const loader = new Loader(this);
    this.#loader = loader;
    this.#life.loaders.add(loader);
    return loader;
  }

  /** Made for the first call with several keys. */
  get many(): Many<T> {
    this.#many ??= new Many(this);
    return this.#many;
  }

  /** Made for the first call that sets several. */
  get manySetter(): ManySetter<T> {
    this.#manySetter ??= new ManySetter(this);
    return this.#manySetter;
  }

  /** Made for the first update. */
  get updater(): Updater<T> {
    this.#updater ??= new Updater(this);
    return this.#updater;
  }

  /** Tells a call to who listens. */
  tell(call: Omit<CallMetrics, 'cache' | 'namespace'>): void {
    const { view, name } = this;
    metrics.publish({ ...call, cache: view, ...(name !== undefined && { namespace: name }) });
  }

  get isClosed(): boolean {
    return this.#life.isClosed;
  }

  close(): void {
    this.#life.isClosed = true;
    for (const loader of this.#life.loaders.all()) loader.close();
    for (const near of this.#life.nears.all()) near.clear();
    this.clock.close();
  }

  /** Throws `DisposedError` when the cache is closed. */
  live(): Border {
    if (this.#life.isClosed) throw new DisposedError('cache');
    return this.#border;
  }
}
