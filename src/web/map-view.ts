/**
 * The map on the screen: a window onto `MapPixels`, at a size and a place that people choose.
 *
 * Draws only blocks that are dirty and in sight, at most once a frame. What is pointed at and what
 * is chosen are elements above the canvas, so that moving them draws nothing.
 */
import {
  BLOCK_COLUMNS,
  BLOCK_ROWS,
  blockAt,
  extent,
  fit,
  type Geometry,
  MAX_CELL,
  type Point,
  pageAt,
  pfnAt,
  strideOf,
} from './geometry.ts';
import { MapPixels } from './map-pixels.ts';
import type { Theme } from './palette.ts';
import type { ZoneState } from './zone-state.ts';

/** Between two steps of a flash's fading. */
const FADE_MS = 80;

export class MapView {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  #zone: ZoneState | undefined;
  #pixels: MapPixels | undefined;
  #geometry: Geometry = { blocks: 0, columns: 1, rows: 0, fitted: 1 };
  #theme: Theme;
  #picked: number | undefined;
  #isStill = false;
  #cell = 1;
  /** What of the map lies in the upper left corner. */
  #origin: Point = { x: 0, y: 0 };
  #frame = 0;
  #timer = 0;
  #cooledAt = 0;
  #isAllDirty = true;
  /** Called when size or place have changed. */
  onMove: () => void = () => {};

  constructor(canvas: HTMLCanvasElement, theme: Theme) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d', { alpha: false })!;
    this.#theme = theme;
  }

  get cell(): number {
    return this.#cell;
  }

  get canEnlarge(): boolean {
    return this.#cell < MAX_CELL;
  }

  get canReduce(): boolean {
    return this.#cell > this.#geometry.fitted;
  }

  show(zone: ZoneState): void {
    this.#zone = zone;
    this.#pixels = new MapPixels(zone.codes);
    this.#pixels.isStill = this.#isStill;
    this.#pixels.paint(this.#theme, this.#picked);
    this.resize();
  }

  /** The whole map came anew. */
  repaint(): void {
    this.#pixels?.paint(this.#theme, this.#picked);
    this.#drawSoon(true);
  }

  /** Some pages have changed. */
  touch(first: number, count: number): void {
    this.#pixels?.touch(first, count);
  }

  /** A look is complete. */
  step(): void {
    this.#drawSoon(false);
  }

  setTheme(theme: Theme): void {
    this.#theme = theme;
    this.repaint();
  }

  pick(code: number | undefined): void {
    if (this.#picked === code) return;
    this.#picked = code;
    this.repaint();
  }

  /** Without motion nothing flashes. */
  setStill(isStill: boolean): void {
    this.#isStill = isStill;
    if (this.#pixels) this.#pixels.isStill = isStill;
  }

  /** Takes the size of the element; shows the whole map. */
  resize(): void {
    const { clientWidth, clientHeight } = this.#canvas;
    const ratio = window.devicePixelRatio || 1;
    this.#canvas.width = Math.max(1, Math.round(clientWidth * ratio));
    this.#canvas.height = Math.max(1, Math.round(clientHeight * ratio));
    this.#geometry = fit(this.#zone?.codes.length ?? 0, this.#canvas.width, this.#canvas.height);
    this.#cell = this.#geometry.fitted;
    this.#moveTo({ x: 0, y: 0 });
  }

  /** Enlarges, or with less than 1 reduces, and keeps what lies at a point of the element there. */
  zoom(factor: number, around?: Point): void {
    const at = around ? this.#toDevice(around) : this.#middle();
    const rounded = factor > 1 ? Math.ceil(this.#cell * factor) : Math.floor(this.#cell * factor);
    const cell = Math.min(MAX_CELL, Math.max(this.#geometry.fitted, rounded));
    const [before, after] = [strideOf(this.#cell), strideOf(cell)];
    this.#cell = cell;
    this.#moveTo({
      x: ((this.#origin.x + at.x) * after.x) / before.x - at.x,
      y: ((this.#origin.y + at.y) * after.y) / before.y - at.y,
    });
  }

  fitAll(): void {
    this.#cell = this.#geometry.fitted;
    this.#moveTo({ x: 0, y: 0 });
  }

  /** Moves by pixels of the element. */
  pan(dx: number, dy: number): void {
    const by = this.#toDevice({ x: dx, y: dy });
    this.#moveTo({ x: this.#origin.x - by.x, y: this.#origin.y - by.y });
  }

  /** The page at a point of the element. */
  pfnAt(point: Point): number | undefined {
    const at = this.#toDevice(point);
    const pages = this.#zone?.codes.length ?? 0;
    const on = { x: at.x + this.#origin.x, y: at.y + this.#origin.y };
    const pfn = pfnAt(this.#geometry, on, this.#cell);
    return pfn !== undefined && pfn < pages ? pfn : undefined;
  }

  /** Where a page is seen, in pixels of the element. */
  boxOf(pfn: number): { x: number; y: number; size: number } {
    const ratio = window.devicePixelRatio || 1;
    const { x, y } = pageAt(this.#geometry, pfn, this.#cell);
    return {
      x: (x - this.#origin.x) / ratio,
      y: (y - this.#origin.y) / ratio,
      size: this.#cell / ratio,
    };
  }

  /** Moves as little as brings a page into sight. */
  reveal(pfn: number): void {
    const { x, y } = pageAt(this.#geometry, pfn, this.#cell);
    const { width, height } = this.#canvas;
    const into = (at: number, from: number, size: number) =>
      Math.min(at, Math.max(from, at + this.#cell - size));
    const origin = { x: into(x, this.#origin.x, width), y: into(y, this.#origin.y, height) };
    if (origin.x !== this.#origin.x || origin.y !== this.#origin.y) this.#moveTo(origin);
  }

  destroy(): void {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#timer);
  }

  #toDevice({ x, y }: Point): Point {
    const ratio = window.devicePixelRatio || 1;
    return { x: x * ratio, y: y * ratio };
  }

  #middle(): Point {
    return { x: this.#canvas.width / 2, y: this.#canvas.height / 2 };
  }

  /** A map that is smaller than the window stands in its middle. */
  #moveTo(origin: Point): void {
    const size = extent(this.#geometry, this.#cell);
    const clamp = (at: number, content: number, room: number) =>
      content <= room ? (content - room) / 2 : Math.min(content - room, Math.max(0, at));
    this.#origin = {
      x: Math.round(clamp(origin.x, size.x, this.#canvas.width)),
      y: Math.round(clamp(origin.y, size.y, this.#canvas.height)),
    };
    this.#drawSoon(true);
    this.onMove();
  }

  #drawSoon(isAll: boolean): void {
    if (isAll) this.#isAllDirty = true;
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #draw(): void {
    const pixels = this.#pixels;
    if (!pixels) return;
    if (performance.now() - this.#cooledAt >= FADE_MS) {
      this.#cooledAt = performance.now();
      pixels.cool();
    }
    pixels.flush();
    this.#context.imageSmoothingEnabled = false;
    if (this.#isAllDirty) {
      this.#context.fillStyle = this.#theme.background;
      this.#context.fillRect(0, 0, this.#canvas.width, this.#canvas.height);
      pixels.dirty.fill(1);
    }
    for (let block = 0; block < pixels.dirty.length; block++) {
      if (pixels.dirty[block] === 1) this.#drawBlock(pixels, block);
    }
    pixels.dirty.fill(0);
    if (this.#isAllDirty) mark('pageless map drawn');
    this.#isAllDirty = false;
    if (pixels.isHot) {
      clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => this.#drawSoon(false), FADE_MS);
    }
  }

  #drawBlock(pixels: MapPixels, block: number): void {
    const corner = blockAt(this.#geometry, block, this.#cell);
    const [x, y] = [corner.x - this.#origin.x, corner.y - this.#origin.y];
    const [width, height] = [BLOCK_COLUMNS * this.#cell, BLOCK_ROWS * this.#cell];
    const isInSight =
      x + width > 0 && y + height > 0 && x < this.#canvas.width && y < this.#canvas.height;
    if (!isInSight) return;
    const from = MapPixels.blockIn(block);
    const whole = [from.x, from.y, BLOCK_COLUMNS, BLOCK_ROWS, x, y, width, height] as const;
    this.#context.drawImage(pixels.canvas, ...whole);
  }
}

/** For measurements, in the browser's own timeline: the last time only. */
function mark(name: string): void {
  performance.clearMarks(name);
  performance.mark(name);
}
