/**
 * Where pages lie on the map.
 *
 * A *block* is 2 MiB: 512 pages, 32 columns by 16 rows, so that what the allocator keeps together
 * is seen together. Blocks stand in rows, left to right, with a gap between them. Their number in a
 * row follows from the room there is when the whole map is seen, and stays when it is enlarged.
 *
 * Lengths are pixels of the device. `cell` is the side of a page.
 */
export const BLOCK_COLUMNS = 32;
export const BLOCK_ROWS = 16;
export const BLOCK_PAGES: number = BLOCK_COLUMNS * BLOCK_ROWS;
/** A page that fills a hand's breadth says no more. */
export const MAX_CELL = 32;
/** Cells larger than this look empty. */
const MAX_FITTED_CELL = 16;

export interface Geometry {
  blocks: number;
  /** Blocks in a row. */
  columns: number;
  rows: number;
  /** Of a page, when the whole map is seen. */
  fitted: number;
}

export interface Point {
  x: number;
  y: number;
}

export function gapOf(cell: number): number {
  return cell < 3 ? 1 : Math.max(2, Math.round(cell / 4));
}

/** The side of a block and its gap. */
export function strideOf(cell: number): Point {
  return { x: BLOCK_COLUMNS * cell + gapOf(cell), y: BLOCK_ROWS * cell + gapOf(cell) };
}

/** The largest cells with which all pages are seen; if even one pixel is too much, one pixel. */
export function fit(pages: number, width: number, height: number): Geometry {
  const blocks = Math.ceil(pages / BLOCK_PAGES);
  for (let cell = MAX_FITTED_CELL; ; cell--) {
    const stride = strideOf(cell);
    const columns = Math.max(1, Math.min(blocks, Math.floor((width + gapOf(cell)) / stride.x)));
    const rows = Math.ceil(blocks / columns);
    const geometry = { blocks, columns, rows, fitted: cell };
    const size = extent(geometry, cell);
    if ((size.x <= width && size.y <= height) || cell === 1) return geometry;
  }
}

/** Size of the whole map. */
export function extent({ columns, rows }: Geometry, cell: number): Point {
  const stride = strideOf(cell);
  return { x: columns * stride.x - gapOf(cell), y: rows * stride.y - gapOf(cell) };
}

/** The upper left corner of a block. */
export function blockAt({ columns }: Geometry, block: number, cell: number): Point {
  const stride = strideOf(cell);
  return { x: (block % columns) * stride.x, y: Math.floor(block / columns) * stride.y };
}

/** The upper left corner of a page. */
export function pageAt(geometry: Geometry, pfn: number, cell: number): Point {
  const corner = blockAt(geometry, Math.floor(pfn / BLOCK_PAGES), cell);
  const within = pfn % BLOCK_PAGES;
  return {
    x: corner.x + (within % BLOCK_COLUMNS) * cell,
    y: corner.y + Math.floor(within / BLOCK_COLUMNS) * cell,
  };
}

/** The page at a point; undefined in a gap and outside. */
export function pfnAt(geometry: Geometry, point: Point, cell: number): number | undefined {
  const stride = strideOf(cell);
  const [column, row] = [Math.floor(point.x / stride.x), Math.floor(point.y / stride.y)];
  if (column < 0 || row < 0 || column >= geometry.columns) return undefined;
  const x = Math.floor((point.x - column * stride.x) / cell);
  const y = Math.floor((point.y - row * stride.y) / cell);
  const block = row * geometry.columns + column;
  if (x >= BLOCK_COLUMNS || y >= BLOCK_ROWS || block >= geometry.blocks) return undefined;
  return block * BLOCK_PAGES + y * BLOCK_COLUMNS + x;
}
