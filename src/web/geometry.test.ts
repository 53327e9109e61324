/** Every page has a place of its own on the map, and the place leads back to the page. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BLOCK_PAGES, extent, fit, gapOf, MAX_CELL, pageAt, pfnAt } from './geometry.ts';

const sizes = [1024, 16_384, 65_520, 1_048_560];
const windows = [
  [1000, 560],
  [320, 900],
  [2400, 1300],
] as const;

test('a place leads back to its page, at every size', () => {
  for (const pages of sizes) {
    for (const [width, height] of windows) {
      const geometry = fit(pages, width, height);
      for (const cell of [geometry.fitted, 1, 3, MAX_CELL]) {
        for (let pfn = 0; pfn < pages; pfn += 97) {
          const { x, y } = pageAt(geometry, pfn, cell);
          assert.equal(pfnAt(geometry, { x, y }, cell), pfn);
          const last = { x: x + cell - 1, y: y + cell - 1 };
          assert.equal(pfnAt(geometry, last, cell), pfn);
        }
      }
    }
  }
});

test('the whole map is seen, unless a page would be less than a pixel', () => {
  for (const pages of sizes) {
    for (const [width, height] of windows) {
      const geometry = fit(pages, width, height);
      const size = extent(geometry, geometry.fitted);
      const isSeen = size.x <= width && size.y <= height;
      assert.ok(isSeen || geometry.fitted === 1, `${pages} in ${width} × ${height}`);
      assert.ok(geometry.columns * geometry.rows * BLOCK_PAGES >= pages);
    }
  }
});

test('gaps and what lies outside are no page', () => {
  const geometry = fit(2048, 400, 400);
  const cell = geometry.fitted;
  const { x } = pageAt(geometry, 31, cell);
  assert.equal(pfnAt(geometry, { x: x + cell, y: 0 }, cell), undefined);
  assert.equal(pfnAt(geometry, { x: -1, y: 0 }, cell), undefined);
  const size = extent(geometry, cell);
  assert.equal(pfnAt(geometry, { x: size.x + gapOf(cell), y: 0 }, cell), undefined);
  assert.equal(pfnAt(geometry, { x: 0, y: size.y + gapOf(cell) }, cell), undefined);
});
