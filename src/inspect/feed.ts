/**
 * A feed: the frames of one zone, look after look, for whoever wants to show or keep them.
 */
import type { Figures, Tables, ZoneInfo } from './figures.ts';
import { ZoneLook } from './look.ts';
import {
  CHANGES,
  encodeChanges,
  encodeFrame,
  encodeJson,
  encodeMap,
  FIGURES,
  GONE,
  MAP,
  TABLES,
  ZONE,
} from './wire.ts';

export class ZoneFeed {
  /** The zone's number in frames. */
  readonly index: number;
  readonly look: ZoneLook;
  readonly info: ZoneInfo;
  #figures: Figures | undefined;
  #tables: Tables | undefined;

  /** Throws `IncompatibleZoneError`. */
  constructor(index: number, memory: WebAssembly.Memory, title: string) {
    this.index = index;
    this.look = new ZoneLook(memory);
    this.info = this.look.info(title);
    this.look.changes();
    this.#figures = this.look.figures();
  }

  /**
   * All that was known at the last look: what somebody needs who sees the zone for the first time.
   */
  opening(): Uint8Array[] {
    const { index } = this;
    const frames = [
      encodeJson(ZONE, index, this.info),
      encodeFrame(MAP, index, encodeMap(this.look.codes)),
    ];
    if (this.#tables) frames.push(encodeJson(TABLES, index, this.#tables));
    if (this.#figures) frames.push(encodeJson(FIGURES, index, this.#figures));
    return frames;
  }

  /** Looks again. @returns what has changed since */
  next(): Uint8Array[] {
    const { index } = this;
    const frames: Uint8Array[] = [];
    const changes = this.look.changes();
    if (changes.count > 0) frames.push(encodeFrame(CHANGES, index, encodeChanges(changes)));
    const tables = this.look.tables();
    if (tables) {
      this.#tables = tables;
      frames.push(encodeJson(TABLES, index, tables));
    }
    this.#figures = this.look.figures() ?? this.#figures;
    if (this.#figures) frames.push(encodeJson(FIGURES, index, this.#figures));
    return frames;
  }

  gone(why: string): Uint8Array {
    return encodeFrame(GONE, this.index, new TextEncoder().encode(why));
  }
}
