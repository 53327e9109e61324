/**
 * Suite `inspect`: what looking costs, what it sends, and how smoothly the page shows it.
 *
 *   page-gzip          KB: all files of the page, as they are sent
 *   look-1m            ms: one look at a zone of 4 GiB, a million page words, of which a thousand
 *                      have changed since the last
 *   recorder           KB a minute: 60 looks at a zone of 256 MiB with a thousand pages changed, at
 *                      random, between any two; compressed and flushed as in a recording
 *   observed           ns an operation (nine gets, one set, values of 1 KiB) of a program that is
 *                      pinned to one CPU, while a thread on another looks ten times a second. Peer:
 *                      the same with nobody looking, in turn
 *   first-paint-1m     ms from the last byte of a map of a million pages, in runs of two, until a
 *                      frame that shows it, in headless Chromium, which draws by software
 *   frames-1m          frames a second there, while ten looks a second change 2,000 pages each, all
 *                      over the map, and flash
 */
import { once } from 'node:events';
import { cpus } from 'node:os';
import { Worker } from 'node:worker_threads';
import { constants, createGzip } from 'node:zlib';
import * as page from '../../src/generated/page.ts';
import { Arena, SharedCache } from '../../src/index.ts';
import { ZoneFeed } from '../../src/inspect/feed.ts';
import { median } from '../../src/lab/rounds.ts';
import { placeOf } from '../../test/browser/launch.ts';
import { measurePage } from '../inspect/page.ts';
import { inTurn, pinThread, type Result, type SuiteOptions } from '../suite.ts';

interface Sizes {
  looks: number;
  changed: number;
  largeArena: string;
  rounds: number;
  ms: number;
  pages: number;
  pageChanges: number;
  frameMs: number;
}

const full: Sizes = {
  ...{ looks: 60, changed: 1000, largeArena: '4GiB', rounds: 15, ms: 2000 },
  ...{ pages: 1_048_560, pageChanges: 2000, frameMs: 5000 },
};
const tiny: Sizes = {
  ...{ looks: 3, changed: 100, largeArena: '64MiB', rounds: 2, ms: 20 },
  ...{ pages: 16_384, pageChanges: 100, frameMs: 300 },
};

function pageBytes(): number {
  const texts = [page.html, page.script, page.style, page.icon, page.licences];
  return texts.reduce((sum, text) => sum + Buffer.from(text, 'base64').length, 0);
}

/** An arena, half full of single pages, of which some are exchanged for others. */
class Churn {
  readonly arena: Arena;
  readonly #held: number[] = [];

  constructor(size: string, pages: number) {
    this.arena = new Arena({ size });
    while (this.#held.length < pages) this.#held.push(this.arena.allocPages(0)!);
  }

  /** Changes the words of so many pages: frees half as many, and takes as many others. */
  change(pages: number): void {
    const freed = Array.from({ length: pages / 2 }, () => {
      const at = Math.floor(Math.random() * this.#held.length);
      const [pfn] = this.#held.splice(at, 1, this.#held.at(-1)!);
      this.#held.pop();
      return pfn!;
    });
    for (let i = 0; i < pages / 2; i++) this.#held.push(this.arena.allocPages(0)!);
    for (const pfn of freed) this.arena.freePages(pfn, 0);
  }
}

function measureLook({ largeArena, changed, looks }: Sizes): number {
  const churn = new Churn(largeArena, 4 * changed);
  using arena = churn.arena;
  const feed = new ZoneFeed(0, arena.handle.memory, 'bench');
  const times = Array.from({ length: looks }, () => {
    churn.change(changed);
    const begin = performance.now();
    feed.next();
    return performance.now() - begin;
  });
  return median(times);
}

async function measureRecorder({ looks, changed }: Sizes): Promise<number> {
  const churn = new Churn('256MiB', 32_768);
  using arena = churn.arena;
  const feed = new ZoneFeed(0, arena.handle.memory, 'bench');
  const gzip = createGzip({ level: 9 });
  let bytes = 0;
  gzip.on('data', (part: Buffer) => {
    bytes += part.length;
  });
  for (let look = 0; look < looks; look++) {
    churn.change(changed);
    gzip.write(Buffer.concat(feed.next()));
    await new Promise<void>((resolve) => gzip.flush(constants.Z_SYNC_FLUSH, resolve));
  }
  return (bytes * 60) / looks;
}

async function measureObserved({ rounds, ms }: Sizes): Promise<Result> {
  using cache = new SharedCache({ maxSize: '256MiB' });
  const value = Buffer.alloc(1024, 'pageless ');
  for (let i = 0; i < 100_000; i++) cache.set(`key ${i}`, value);
  const { memory } = cache.arena.handle;
  const file = new URL('../inspect/observer.ts', import.meta.url);
  const worker = new Worker(file, { workerData: { memory, cpu: cpus().length - 1 } });
  pinThread(0);
  const work = (isOn: boolean) => async () => {
    worker.postMessage(isOn);
    await once(worker, 'message');
    const begin = performance.now();
    let operations = 0;
    for (; performance.now() - begin < ms; operations += 1000) {
      for (let i = 0; i < 1000; i++) {
        const key = `key ${Math.floor(Math.random() * 100_000)}`;
        if (i % 10 === 0) cache.set(key, value);
        else cache.get(key);
      }
    }
    return ((performance.now() - begin) * 1e6) / operations;
  };
  const times = await inTurn(
    rounds,
    new Map([
      ['seen', work(true)],
      ['alone', work(false)],
    ]),
  );
  await worker.terminate();
  const [seen, alone] = [times.get('seen')!, times.get('alone')!];
  return { name: 'observed', value: seen, unit: 'ns', peer: 'alone', ratio: seen / alone };
}

/** Rows that need a browser. */
async function inChromium(chromium: string, sizes: Sizes): Promise<Result[]> {
  const { pages, pageChanges, frameMs } = sizes;
  const times = await measurePage(chromium, pages, pageChanges, frameMs);
  return [
    { name: 'first-paint-1m', value: times.firstPaintMs, unit: 'ms' },
    { name: 'frames-1m', value: times.framesPerSecond, unit: 'frames/s' },
  ];
}

export async function suite({ isTiny, note, leaveOut }: SuiteOptions): Promise<Result[]> {
  const sizes = isTiny ? tiny : full;
  const chromium = placeOf('chromium');
  note('Chromium and its page share the CPUs with the server that sends the looks.');
  if (chromium === undefined) {
    for (const row of ['first-paint-1m', 'frames-1m']) leaveOut(row, 'chromium');
  }
  return [
    // Before this thread is pinned, which its children would inherit.
    ...(chromium === undefined ? [] : await inChromium(chromium, sizes)),
    { name: 'page-gzip', value: pageBytes() / 1000, unit: 'KB' },
    { name: 'look-1m', value: measureLook(sizes), unit: 'ms' },
    { name: 'recorder', value: (await measureRecorder(sizes)) / 1000, unit: 'KB/min' },
    await measureObserved(sizes),
  ];
}
