/** The page of pageless/inspect in real browsers: what is seen is what the program reports. */
import assert from 'node:assert/strict';
import type { Page } from 'puppeteer-core';
import { Arena, SharedCache } from '../../src/index.ts';
import { type Inspector, inspect } from '../../src/inspect/index.ts';
import { uses } from '../../src/reports/uses.ts';
import { dark, light, pixel } from '../../src/web/palette.ts';
import { settled } from '../support/settled.ts';
import { inBrowsers } from './browsers.ts';

const EVIL = '<img src=x onerror=alert(1)>';

function filled(): SharedCache<string> {
  const cache = new SharedCache<string>({ maxSize: '8MiB', values: 'string' });
  for (let i = 0; i < 4000; i++) cache.set(`key ${i}`, `value ${i} `.repeat(i % 60));
  return cache;
}

async function shown(page: Page, { url }: Inspector): Promise<void> {
  await page.goto(url!);
  await page.waitForSelector('.legend tbody tr');
  await page.waitForFunction(() => document.querySelector('.status')?.textContent === 'Live');
}

/** The legend's rows: pages by use. */
function legendOf(page: Page): Promise<Record<string, number>> {
  return page.$$eval('.legend tbody tr', (rows) =>
    Object.fromEntries(
      rows.map((row) => [
        row.querySelector('th')!.textContent,
        Number(row.querySelector('td')!.textContent!.replaceAll(',', '')),
      ]),
    ),
  );
}

/** Whether an address is more than a browser's own. */
function isOutside(address: string): boolean {
  return /^(https?|wss?|ftp):/.test(address);
}

/** How many pixels of the map have each colour. */
function coloursOf(page: Page): Promise<Record<number, number>> {
  return page.$eval('.map canvas', (canvas) => {
    const { width, height } = canvas as HTMLCanvasElement;
    const copy = new OffscreenCanvas(width, height).getContext('2d')!;
    copy.drawImage(canvas as HTMLCanvasElement, 0, 0);
    const counts: Record<number, number> = {};
    for (const one of new Uint32Array(copy.getImageData(0, 0, width, height).data.buffer)) {
      counts[one] = (counts[one] ?? 0) + 1;
    }
    return counts;
  });
}

/** The same, once the map is painted with one of them: its figures are there some frames before. */
async function paintedWith(colour: number, page: Page): Promise<Record<number, number>> {
  for (;;) {
    const colours = await coloursOf(page);
    if (colours[colour]) return colours;
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
}

inBrowsers(
  'every page has its colour, and the legend its count, in light and dark',
  async (on, name) => {
    const { page, problems, requests } = on;
    using cache = filled();
    await settled(cache.arena);
    await using inspector = await inspect(cache);
    const { pagesByUse, pages } = cache.arena.report();
    for (const [scheme, theme] of Object.entries({ light, dark })) {
      if (name === 'firefox' && scheme === 'dark') break; // BiDi cannot ask for it
      if (name === 'chromium')
        await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      await shown(page, inspector);
      const cells = await page.$eval('.map canvas', (canvas) => canvas.getAttribute('aria-label'));
      assert.match(cells!, new RegExp(`^Map of ${pages.toLocaleString('en')} pages: `));
      await page.waitForFunction(
        (free) => {
          const row = document.querySelector('.legend tbody td')!;
          return row.textContent === free;
        },
        {},
        pagesByUse.free!.toLocaleString('en'),
      );
      assert.deepEqual(await legendOf(page), pagesByUse);
      const painted = uses.findIndex(([name]) => name === 'zspage');
      const colours = await paintedWith(pixel(theme.colours[painted]!), page);
      const areas = uses.map(([name], code) => [name, colours[pixel(theme.colours[code]!)] ?? 0]);
      const area = Object.fromEntries(areas) as Record<string, number>;
      const cell = Math.sqrt(area.zspage! / pagesByUse.zspage!);
      assert.ok(Number.isInteger(cell) && cell >= 1, `cells of ${cell} pixels`);
      for (const [use, count] of Object.entries(pagesByUse)) {
        assert.equal(area[use]! / cell ** 2, count, `${use}, ${scheme}`);
      }
    }
    assert.equal(await page.evaluate(() => location.href), new URL('/', inspector.url).href);
    assert.deepEqual(
      new Set(requests.filter(isOutside).map((one) => new URL(one).origin)),
      new Set([new URL(inspector.url!).origin]),
    );
    assert.deepEqual(problems, []);
  },
);

inBrowsers(
  'a click asks a page, keys go on from it, a legend row lights up its pages',
  async (on) => {
    const { page, problems } = on;
    using arena = new Arena({ size: '8MiB' });
    const folio = arena.allocFolio(3)!;
    await using inspector = await inspect(arena);
    await shown(page, inspector);
    const canvas = (await page.$('.map canvas'))!;
    const { x, y, width, height } = (await canvas.boundingBox())!;
    // Beside the middle, where there may be a gap.
    const [left, top] = [x + width / 2 + 45, y + height / 2 + 25];
    await page.mouse.move(left, top);
    await page.mouse.down();
    await canvas.evaluate((target) => target.dispatchEvent(new PointerEvent('pointercancel')));
    await page.mouse.up();
    await page.evaluate(() => new Promise((shown) => setTimeout(shown, 100)));
    assert.equal(await page.$('.details dt'), null, 'what is cancelled is no click');
    await page.mouse.click(left, top);
    const chosen = async () => {
      await page.waitForFunction(() => document.querySelectorAll('.details dt').length > 1);
      return page.$eval('.details h2', (head) => Number(head.textContent!.replace(/\D/g, '')));
    };
    const used = async () => {
      await page.waitForSelector('.details dd');
      return page.$eval('.details dd', (first) => first.textContent);
    };
    const clicked = await chosen();
    assert.equal(await used(), arena.describe(clicked).use);
    await canvas.focus();
    await page.keyboard.press('Home');
    for (let pfn = 0; pfn < 3; pfn++) {
      assert.equal(await chosen(), pfn);
      assert.equal(await used(), arena.describe(pfn).use);
      await page.keyboard.press('ArrowRight');
    }
    await page.keyboard.press('End');
    assert.equal(await chosen(), arena.report().pages - 1);
    const before = await coloursOf(page);
    // By the keyboard: rows of a live page may move under a pointer on its way.
    await page.focus('.legend button[aria-pressed=false]');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.legend [aria-pressed=true]');
    await page.waitForFunction(
      (first) => document.querySelector('.legend button')!.textContent === first,
      {},
      'free',
    );
    const free = pixel(light.colours[0]!);
    const slab = pixel(light.colours[7]!);
    assert.ok(before[slab]! > 0);
    // The map is drawn with one of the next frames.
    let picked = await coloursOf(page);
    while (picked[slab] !== undefined) {
      await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 50)));
      picked = await coloursOf(page);
    }
    assert.equal(picked[free], before[free]);
    assert.deepEqual(problems, []);
    folio.free();
  },
);

inBrowsers('a key that is markup is a text', async ({ page, problems }) => {
  using cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string' });
  cache.set(EVIL, 'x');
  cache.set('another', 'y');
  await using inspector = await inspect(cache, { keys: true });
  await shown(page, inspector);
  await page.type('.keys input', 'onerror');
  do {
    await page.keyboard.press('Enter');
    await page.waitForSelector('.keys li, .keys p');
    // On a machine that has no time for it the program does not answer within two seconds.
  } while (/busy|no answer/.test((await page.$$eval('.keys p', ([p]) => p?.textContent)) ?? ''));
  assert.equal(await page.$eval('.keys ul', (list) => list.textContent), EVIL);
  assert.equal(await page.$('.keys img'), null);
  assert.deepEqual(problems, []);
});

inBrowsers(
  'without the secret nothing is shown, with it the page can be loaded again',
  async (on) => {
    const { page } = on;
    using arena = new Arena({ size: '4MiB' });
    await using inspector = await inspect(arena);
    await page.goto(new URL('/', inspector.url).href);
    await page.waitForFunction(() =>
      document.querySelector('.nothing')?.textContent?.includes('Refused'),
    );
    assert.equal(await page.$('.legend'), null);
    await page.goto('about:blank');
    await shown(page, inspector);
    await page.reload();
    await page.waitForSelector('.legend tbody tr');
    assert.equal(new URL(page.url()).hash, '');
  },
);

inBrowsers('a browser that keeps nothing for pages shows it, and loads it again', async (on) => {
  const { page, problems } = on;
  using arena = new Arena({ size: '4MiB' });
  await using inspector = await inspect(arena);
  await page.evaluateOnNewDocument(() => {
    Object.defineProperty(window, 'sessionStorage', {
      get: () => {
        throw new DOMException('denied', 'SecurityError');
      },
    });
  });
  await shown(page, inspector);
  await page.reload();
  await page.waitForSelector('.legend tbody tr');
  assert.deepEqual(problems, []);
});

inBrowsers(
  'of two questions for keys the last one counts, whichever is answered first',
  async (on) => {
    const { page, problems } = on;
    using cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string' });
    for (const key of ['early bird', 'late bird']) cache.set(key, 'x');
    await using inspector = await inspect(cache, { keys: true });
    await page.evaluateOnNewDocument(() => {
      const { fetch } = window;
      window.fetch = async (...args) => {
        const answer = await fetch(...args);
        // The first answer comes when the second has.
        if (String(args[0]).includes('early')) {
          while (!document.querySelector('.keys li')) await new Promise(requestAnimationFrame);
          document.body.dataset.late = 'yes';
        }
        return answer;
      };
    });
    await shown(page, inspector);
    await page.type('.keys input', 'early');
    await page.keyboard.press('Enter');
    await page.$eval('.keys input', (input) => (input as HTMLInputElement).select());
    await page.type('.keys input', 'late');
    do {
      await page.keyboard.press('Enter');
      await page.waitForSelector('.keys li, .keys p');
    } while (/busy|no answer/.test((await page.$$eval('.keys p', ([p]) => p?.textContent)) ?? ''));
    await page.waitForFunction(() => document.body.dataset.late === 'yes');
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)));
    assert.equal(await page.$eval('.keys ul', (list) => list.textContent), 'late bird');
    assert.deepEqual(problems, []);
  },
);
