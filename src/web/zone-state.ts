/**
 * What the page knows of one zone, put together from frames.
 */
import type { Figures, Tables, ZoneInfo } from '../inspect/figures.ts';
import { decodeChanges, decodeMap } from '../inspect/wire.ts';
import { CODES, FIRST_USER_CODE, uses } from '../reports/uses.ts';
import { History } from './history.ts';
import { MIB } from './text.ts';

/** Between two points of the charts. */
const POINT_MS = 500;

/** Columns of the history. Rates are per second, sizes in MiB, shares in per cent. */
export const TIME = 0;
export const HIT_RATIO = 1;
export const READS = 2;
export const WRITES = 3;
export const DELETES = 4;
export const EVICTIONS = 5;
export const EXPIRATIONS = 6;
export const REFUSALS = 7;
export const LIMBO = 8;
export const UNUSABLE = 9;
export const RSS = 10;
export const ENTRIES = 11;
/** From here on, MiB of each group of uses. */
export const GROUPS = 12;

const userCodes = Array.from({ length: CODES - FIRST_USER_CODE }, (_, i) => FIRST_USER_CODE + i);

/** Uses that are charted together. */
export const groups: readonly { name: string; codes: readonly number[] }[] = [
  { name: 'zspages', codes: codesOf('zspage') },
  { name: 'slabs', codes: codesOf('slab') },
  { name: 'index', codes: codesOf('index') },
  { name: 'folios', codes: [...codesOf('anonymous folio'), ...userCodes] },
  { name: 'allocated by user', codes: codesOf('allocated by user') },
];

function codesOf(...names: string[]): number[] {
  return names.map((name) => uses.findIndex(([use]) => use === name));
}

export interface MapListener {
  onMap(): void;
  onChange(first: number, count: number): void;
  onLook(): void;
}

export class ZoneState {
  readonly info: ZoneInfo;
  readonly codes: Uint8Array;
  /** Pages by code. */
  readonly counts: Uint32Array = new Uint32Array(CODES);
  readonly history: History = new History(GROUPS + groups.length);
  figures: Figures | undefined;
  tables: Tables | undefined;
  /** Why there is no more to come. */
  gone: string | undefined;
  listener: MapListener | undefined;
  /** Looks so far. */
  looks = 0;
  /** The figures of the last point of the charts. */
  #last: Figures | undefined;

  constructor(info: ZoneInfo) {
    this.info = info;
    this.codes = new Uint8Array(info.pages);
    this.counts[0] = info.pages;
  }

  applyMap(body: Uint8Array): void {
    this.counts.fill(0);
    decodeMap(body, this.info.pages, (first, count, code) => {
      this.codes.fill(code, first, first + count);
      this.counts[code]! += count;
    });
    this.listener?.onMap();
  }

  applyChanges(body: Uint8Array): void {
    decodeChanges(body, this.info.pages, (first, count, code) => {
      for (let pfn = first; pfn < first + count; pfn++) this.counts[this.codes[pfn]!]!--;
      this.counts[code]! += count;
      this.codes.fill(code, first, first + count);
      this.listener?.onChange(first, count);
    });
  }

  applyFigures(figures: Figures): void {
    this.figures = figures;
    this.looks++;
    const before = this.#last;
    if (!before || figures.time < before.time) this.#last = figures;
    else if (figures.time - before.time >= POINT_MS) {
      this.history.push(this.#point(before, figures));
      this.#last = figures;
    }
    this.listener?.onLook();
  }

  /** Per second, since the last point of the charts. */
  rate(now: Figures, before: Figures, of: (figures: Figures) => number): number {
    return ((of(now) - of(before)) * 1000) / Math.max(1, now.time - before.time);
  }

  #point(before: Figures, now: Figures): number[] {
    const rate = (of: (figures: Figures) => number) => this.rate(now, before, of);
    const hits = rate((one) => one.hits);
    const reads = hits + rate((one) => one.misses);
    return [
      now.time / 1000,
      reads > 0 ? (hits / reads) * 100 : Number.NaN,
      reads,
      rate((one) => one.sets),
      rate((one) => one.deletes),
      rate((one) => one.evictions),
      rate((one) => one.expirations),
      rate((one) => one.refusals),
      now.limbo.reduce((sum, one) => sum + one, 0),
      now.unusable * 100,
      now.rss / MIB,
      now.entries,
      ...groups.map(({ codes }) => this.mebibytes(codes)),
    ];
  }

  mebibytes(codes: readonly number[]): number {
    const pages = codes.reduce((sum, code) => sum + (this.counts[code] ?? 0), 0);
    return (pages * this.info.pageBytes) / MIB;
  }
}
