/**
 * What a view of a cache works with: this thread's border, clock, codec, and what is made of them.
 */
import type { ZoneClock } from '../border/clock.ts';
import type { KernelExports } from '../border/kernel.ts';
import { DisposedError } from '../errors.ts';
import { Loader } from './loader.ts';
import { Many } from './many.ts';
import { Reader } from './reader.ts';
import type { Settings } from './settings.ts';
import type { TierLink } from './tier-link.ts';
import type { Border } from './transfer.ts';
import { type Decoder, decoderOf, type ValueCodec } from './values.ts';
import { Writer } from './writer.ts';

export class ViewParts<T> {
  readonly kernel: KernelExports;
  readonly clock: ZoneClock;
  readonly codec: ValueCodec<T>;
  readonly decode: Decoder<T>;
  readonly settings: Settings;
  readonly reader: Reader<T>;
  readonly writer: Writer<T>;
  /** What a second tier is reached by. */
  tier: TierLink<T> | undefined;
  isClosed = false;
  readonly #border: Border;
  #loader: Loader<T> | undefined;
  #many: Many<T> | undefined;

  constructor(
    kernel: KernelExports,
    border: Border,
    clock: ZoneClock,
    codec: ValueCodec<T>,
    settings: Settings,
  ) {
    this.kernel = kernel;
    this.#border = border;
    this.clock = clock;
    this.codec = codec;
    this.decode = decoderOf(codec);
    this.settings = settings;
    this.writer = new Writer(this);
    this.reader = new Reader(this);
  }

  /** Made for the first call that finds no value. */
  get loader(): Loader<T> {
    this.#loader ??= new Loader(this);
    return this.#loader;
  }

  /** Made for the first call with several keys. */
  get many(): Many<T> {
    this.#many ??= new Many(this);
    return this.#many;
  }

  close(): void {
    this.isClosed = true;
    this.#loader?.close();
    this.clock.close();
  }

  /** Throws `DisposedError` when the cache is closed. */
  live(): Border {
    if (this.isClosed) throw new DisposedError('cache');
    return this.#border;
  }
}
