/**
 * The pixels of a map: one for each page, block beside block, ready to be drawn at any size.
 *
 * A page that has just changed *flashes* and fades over some looks, so that compaction and eviction
 * are seen to move; not where the system asks for less motion.
 */
import { CODES } from '../reports/uses.ts';
import { BLOCK_COLUMNS, BLOCK_PAGES, BLOCK_ROWS } from './geometry.ts';
import { mix, pixel, type Theme } from './palette.ts';

/** Blocks in a row of the picture: 1,024 pixels, which every canvas can be wide. */
const ATLAS_BLOCKS = 32;
/** Looks that a flash lasts: a third of a second. */
const HEAT = 4;
/** How much of the background is mixed into what is not picked out. */
const DIMMED = 0.82;

export class MapPixels {
  readonly canvas: HTMLCanvasElement = document.createElement('canvas');
  readonly #context: CanvasRenderingContext2D;
  readonly #image: ImageData;
  readonly #pixels: Uint32Array;
  readonly #codes: Uint8Array;
  readonly #heat: Uint8Array;
  /** Pages that have heat. */
  readonly #hot: Uint32Array;
  #hotCount = 0;
  /** Blocks to be drawn again; 1 = yes. */
  readonly dirty: Uint8Array;
  /** Colour of each code, HEAT + 1 shades of it. */
  #shades: Uint32Array = new Uint32Array(CODES * (HEAT + 1));
  /** Whether the picture has all pixels already. */
  #isInPicture = false;
  isStill = false;

  constructor(codes: Uint8Array) {
    this.#codes = codes;
    const blocks = Math.ceil(codes.length / BLOCK_PAGES);
    this.canvas.width = ATLAS_BLOCKS * BLOCK_COLUMNS;
    this.canvas.height = Math.ceil(blocks / ATLAS_BLOCKS) * BLOCK_ROWS;
    this.#context = this.canvas.getContext('2d')!;
    this.#image = this.#context.createImageData(this.canvas.width, this.canvas.height);
    this.#pixels = new Uint32Array(this.#image.data.buffer);
    this.#heat = new Uint8Array(codes.length);
    this.#hot = new Uint32Array(codes.length);
    this.dirty = new Uint8Array(blocks);
  }

  /** Where a block stands in the picture. */
  static blockIn(block: number): { x: number; y: number } {
    const row = Math.floor(block / ATLAS_BLOCKS);
    return { x: (block % ATLAS_BLOCKS) * BLOCK_COLUMNS, y: row * BLOCK_ROWS };
  }

  /** Colours everything anew, one use picked out or none. */
  paint(theme: Theme, picked: number | undefined): void {
    for (let code = 0; code < CODES; code++) {
      const own = theme.colours[code]!;
      const isDimmed = picked !== undefined && picked !== code;
      const base = isDimmed ? mix(own, theme.background, DIMMED) : own;
      for (let heat = 0; heat <= HEAT; heat++) {
        const shade = mix(base, theme.flash, isDimmed ? 0 : (heat / HEAT) * 0.85);
        this.#shades[code * (HEAT + 1) + heat] = pixel(shade);
      }
    }
    for (let pfn = 0; pfn < this.#codes.length; pfn++) this.#colour(pfn);
    this.#context.putImageData(this.#image, 0, 0);
    this.#isInPicture = true;
    this.dirty.fill(1);
  }

  /** Colours pages that have changed. */
  touch(first: number, count: number): void {
    for (let pfn = first; pfn < first + count; pfn++) {
      if (!this.isStill) {
        if (this.#heat[pfn] === 0) this.#hot[this.#hotCount++] = pfn;
        this.#heat[pfn] = HEAT;
      }
      this.#colour(pfn);
    }
  }

  /** Lets flashes fade by one step. */
  cool(): void {
    let left = 0;
    for (let i = 0; i < this.#hotCount; i++) {
      const pfn = this.#hot[i]!;
      const heat = this.isStill ? 0 : this.#heat[pfn]! - 1;
      this.#heat[pfn] = heat;
      this.#colour(pfn);
      if (heat > 0) this.#hot[left++] = pfn;
    }
    this.#hotCount = left;
  }

  get isHot(): boolean {
    return this.#hotCount > 0;
  }

  /** Brings the changed blocks into the picture. */
  flush(): void {
    if (this.#isInPicture) return;
    this.#isInPicture = true;
    for (let block = 0; block < this.dirty.length; block++) {
      if (this.dirty[block] === 0) continue;
      const { x, y } = MapPixels.blockIn(block);
      this.#context.putImageData(this.#image, 0, 0, x, y, BLOCK_COLUMNS, BLOCK_ROWS);
    }
  }

  #colour(pfn: number): void {
    const block = Math.floor(pfn / BLOCK_PAGES);
    const within = pfn % BLOCK_PAGES;
    const x = (block % ATLAS_BLOCKS) * BLOCK_COLUMNS + (within % BLOCK_COLUMNS);
    const y = Math.floor(block / ATLAS_BLOCKS) * BLOCK_ROWS + Math.floor(within / BLOCK_COLUMNS);
    const shade = this.#codes[pfn]! * (HEAT + 1) + this.#heat[pfn]!;
    this.#pixels[y * ATLAS_BLOCKS * BLOCK_COLUMNS + x] = this.#shades[shade]!;
    this.dirty[block] = 1;
    this.#isInPicture = false;
  }
}
