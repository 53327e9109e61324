/**
 * The page's state: where it is connected, the zones, what is chosen. Views subscribe to it.
 */
import type { Head } from '../inspect/figures.ts';
import { CHANGES, FIGURES, type Frame, GONE, HEAD, MAP, TABLES, ZONE } from '../inspect/wire.ts';
import { Connection, RefusedError } from './connection.ts';
import { Replay } from './replay.ts';
import { ZoneState } from './zone-state.ts';

export type Status = 'connecting' | 'live' | 'paused' | 'refused' | 'ended' | 'replay';

/** Numbers need not be read faster. */
const RENDER_MS = 250;
const RETRY_MS = 1000;

export class Model {
  readonly connection: Connection;
  status: Status = 'connecting';
  head: Head | undefined;
  readonly zones: Map<number, ZoneState> = new Map();
  /** The zone that is shown. */
  shown: number | undefined;
  /** The page that is chosen. */
  selected: number | undefined;
  /** The use that is picked out. */
  picked: number | undefined;
  replay: Replay | undefined;
  readonly #views = new Set<() => void>();
  #timer = 0;

  constructor(token: string) {
    this.connection = new Connection(token);
  }

  get zone(): ZoneState | undefined {
    return this.shown === undefined ? undefined : this.zones.get(this.shown);
  }

  subscribe(view: () => void): () => void {
    this.#views.add(view);
    return () => this.#views.delete(view);
  }

  /** Changes something that a person has done: seen at once. */
  change(change: Partial<Pick<Model, 'shown' | 'selected' | 'picked' | 'status'>>): void {
    Object.assign(this, change);
    this.#render();
  }

  /** Shows another zone, of which nothing is chosen yet. */
  show(zone: number): void {
    this.change({ shown: zone, selected: undefined, picked: undefined });
  }

  /** Reads frames, for ever; comes back when the program does. */
  async run(): Promise<void> {
    if (this.status === 'replay') return;
    this.change({ status: 'connecting' });
    try {
      // A pause, a tab in the background or another stream stops this one.
      if (!(await this.connection.stream((frame) => this.apply(frame)))) return;
      this.#streamEnded();
    } catch (error) {
      this.change({ status: error instanceof RefusedError ? 'refused' : 'ended' });
    }
    if (this.status === 'ended') setTimeout(() => void this.run(), RETRY_MS);
  }

  #streamEnded(): void {
    if (this.replay) {
      this.change({ status: 'replay' });
      this.replay.seek(this.replay.looks - 1);
    } else this.change({ status: 'ended' });
  }

  pause(): void {
    this.change({ status: 'paused' });
    this.connection.stop();
  }

  apply(frame: Frame): void {
    if (frame.kind === HEAD) this.#begin(parse<Head>(frame));
    else if (this.replay) this.replay.keep(frame);
    else this.applyToZone(frame);
  }

  #begin(head: Head): void {
    this.head = head;
    if (head.from === 'recording') this.replay = new Replay(this);
    // At once: there may be no zone yet, and nothing else to be drawn.
    this.change({ status: 'live' });
  }

  /** Also called when a recording is played. */
  applyToZone(frame: Frame): void {
    const zone = this.zones.get(frame.zone);
    if (frame.kind === ZONE) this.#addZone(frame);
    else if (frame.kind === MAP) zone?.applyMap(frame.body);
    else if (frame.kind === CHANGES) zone?.applyChanges(frame.body);
    else if (frame.kind === TABLES && zone) zone.tables = parse(frame);
    else if (frame.kind === FIGURES) zone?.applyFigures(parse(frame));
    else if (frame.kind === GONE && zone) zone.gone = new TextDecoder().decode(frame.body);
    // The first picture at once, the others when people can read them.
    if (frame.kind === FIGURES && zone?.looks === 1) this.#render();
    else this.#renderSoon();
  }

  rewind(): void {
    for (const zone of this.zones.values()) zone.history.clear();
  }

  /** A zone that is known already goes on with what was drawn of it. */
  #addZone(frame: Frame): void {
    const info = parse<ZoneState['info']>(frame);
    const known = this.zones.get(frame.zone);
    if (known?.info.id === info.id) known.gone = undefined;
    else {
      this.zones.set(frame.zone, new ZoneState(info));
      // Pages of the one that was there mean nothing in this one.
      if (this.shown === frame.zone) this.show(frame.zone);
    }
    this.shown ??= frame.zone;
  }

  #renderSoon(): void {
    if (this.#timer !== 0) return;
    this.#timer = window.setTimeout(() => this.#render(), RENDER_MS);
  }

  #render(): void {
    clearTimeout(this.#timer);
    this.#timer = 0;
    for (const view of this.#views) view();
  }
}

function parse<T>({ body }: Frame): T {
  return JSON.parse(new TextDecoder().decode(body)) as T;
}
