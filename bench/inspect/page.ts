/**
 * The page in a real browser: how soon a large map is painted, and how smoothly it goes on.
 *
 * Served by the inspector's own server, from made-up frames: a zone in which every run of pages is
 * short, and looks that change pages everywhere.
 */

import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'puppeteer-core';
import { newToken } from '../../src/inspect/access.ts';
import { FRAMES_VERSION } from '../../src/inspect/figures.ts';
import { listen } from '../../src/inspect/server.ts';
import * as wire from '../../src/inspect/wire.ts';
import { launch } from '../../test/browser/launch.ts';
import { numbersFrom } from '../../test/support/numbers.ts';

export interface PageTimes {
  firstPaintMs: number;
  framesPerSecond: number;
}

const LOOK_MS = 100;
const CODES = 9;

/** Runs of two pages on the average. */
function mixedCodes(pages: number): Uint8Array {
  const codes = new Uint8Array(pages);
  const next = numbersFrom(1);
  for (let pfn = 0; pfn < pages; pfn++) {
    codes[pfn] = pfn > 0 && next(2) === 0 ? codes[pfn - 1]! : next(CODES);
  }
  return codes;
}

class Sender {
  readonly #codes: Uint8Array;
  readonly #changed: number;
  #look = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(pages: number, changed: number) {
    this.#codes = mixedCodes(pages);
    this.#changed = changed;
  }

  begin(to: ServerResponse): void {
    const pages = this.#codes.length;
    const head = {
      version: FRAMES_VERSION,
      from: 'program',
      title: 'bench',
      pid: 1,
      hasKeys: false,
    };
    to.write(wire.encodeJson(wire.HEAD, 0, head));
    const info = { id: '1', title: 'zone', pages, pageBytes: 4096, names: [] };
    to.write(wire.encodeJson(wire.ZONE, 0, info));
    to.write(wire.encodeFrame(wire.MAP, 0, wire.encodeMap(this.#codes)));
    this.#send(to);
    this.#timer = setInterval(() => this.#send(to), LOOK_MS);
    to.once('close', () => clearInterval(this.#timer));
  }

  #send(to: ServerResponse): void {
    const step = Math.floor(this.#codes.length / this.#changed);
    const pfns = Uint32Array.from(
      { length: this.#changed },
      (_, i) => i * step + (this.#look % step),
    );
    const codes = Uint8Array.from(pfns, (pfn) => (pfn + this.#look) % CODES);
    const changes = { count: this.#changed, pfns, codes };
    to.write(wire.encodeFrame(wire.CHANGES, 0, wire.encodeChanges(changes)));
    const zero = { rss: 0, freePages: 0, stockedPages: 0, threads: 1, entries: 0, keyBytes: 0 };
    const none = { valueBytes: 0, misses: 0, sets: 0, refusals: 0, deletes: 0, evictions: 0 };
    const rest = { expirations: 0, limboWaits: 0, limbo: [0], unusable: 0 };
    const figures = { time: Date.now(), hits: this.#look, ...zero, ...none, ...rest };
    to.write(wire.encodeJson(wire.FIGURES, 0, figures));
    this.#look++;
  }
}

/** Times of the first map: from the last byte of it until a frame with it has been presented. */
async function firstPaint(page: Page): Promise<number> {
  await page.waitForFunction('globalThis.painted !== undefined', { polling: 50 });
  return page.evaluate('globalThis.painted - globalThis.arrived') as Promise<number>;
}

/** Runs in the page before its own code: notes when the map has come and when it was painted. */
const watch = `
  const parse = JSON.parse;
  JSON.parse = (text) => {
    const value = parse(text);
    // The figures follow the map: what comes before them is there.
    if (value.limbo && globalThis.arrived === undefined) globalThis.arrived = globalThis.last;
    return value;
  };
  const read = ReadableStreamDefaultReader.prototype.read;
  ReadableStreamDefaultReader.prototype.read = async function () {
    const result = await read.call(this);
    globalThis.last = performance.now();
    return result;
  };
  new PerformanceObserver((list) => {
    if (globalThis.painted !== undefined || globalThis.arrived === undefined) return;
    if (!list.getEntriesByName('pageless map drawn').length) return;
    requestAnimationFrame(() => setTimeout(() => { globalThis.painted = performance.now(); }));
  }).observe({ type: 'mark' });`;

const countFrames = (ms: number) => `new Promise((resolve) => {
  let frames = 0;
  const begin = performance.now();
  const next = () => {
    frames++;
    const ms = performance.now() - begin;
    if (ms < ${ms}) requestAnimationFrame(next);
    else resolve((frames * 1000) / ms);
  };
  requestAnimationFrame(next);
})`;

export async function measurePage(
  chromium: string,
  pages: number,
  changed: number,
  ms: number,
): Promise<PageTimes> {
  const sender = new Sender(pages, changed);
  const token = newToken();
  const nothing = { describe: () => undefined, keys: async () => undefined };
  const server = await listen(0, token, { stream: (to) => sender.begin(to), ...nothing });
  const { port } = server.address() as AddressInfo;
  const browser = await launch('chromium', chromium);
  try {
    const page = await browser.newPage();
    await page.setViewport({ width: 1600, height: 1400 });
    await page.evaluateOnNewDocument(watch);
    await page.goto(`http://127.0.0.1:${port}/#${token}`);
    const firstPaintMs = await firstPaint(page);
    const framesPerSecond = (await page.evaluate(countFrames(ms))) as number;
    return { firstPaintMs, framesPerSecond };
  } finally {
    await browser.close();
    server.close();
    server.closeAllConnections();
  }
}
