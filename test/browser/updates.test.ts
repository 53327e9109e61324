/** Ten thousand looks: the page's memory does not grow, and what it shows is what was sent. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { newToken } from '../../src/inspect/access.ts';
import { FRAMES_VERSION } from '../../src/inspect/figures.ts';
import { listen } from '../../src/inspect/server.ts';
import * as wire from '../../src/inspect/wire.ts';
import { inBrowsers, type Watched } from './browsers.ts';

const PAGES = 16_384;
/** Until the browser's compilers have settled, and the charts' histories are full. */
const WARM_UP = 20_000;
const LOOKS = 10_000;
const ROUNDS = 4;
/** Of 1, in a round. */
const MOST_GROWTH = 0.05;
/** Looks that are on their way at most, so that the page is measured and not its queue. */
const BATCH = 2500;

/** A stream of looks, as a program would send them over many minutes. */
class Sender {
  readonly codes: Uint8Array = new Uint8Array(PAGES);
  #to: ServerResponse | undefined;
  #sent = 0;

  begin(to: ServerResponse): void {
    this.#to = to;
    const head = {
      version: FRAMES_VERSION,
      from: 'program',
      title: 'test',
      pid: 1,
      hasKeys: false,
    };
    const info = { id: '1', title: 'zone', pages: PAGES, pageBytes: 4096, names: ['free'] };
    to.write(wire.encodeJson(wire.HEAD, 0, head));
    to.write(wire.encodeJson(wire.ZONE, 0, info));
    to.write(wire.encodeFrame(wire.MAP, 0, wire.encodeMap(this.codes)));
    this.send(1);
  }

  send(looks: number): void {
    for (let i = 0; i < looks; i++) {
      this.#to?.write(wire.encodeFrame(wire.CHANGES, 0, wire.encodeChanges(this.#changes())));
      this.#to?.write(wire.encodeJson(wire.FIGURES, 0, this.#figures()));
      this.#sent++;
    }
  }

  #changes(): wire.Changes {
    const first = (this.#sent * 37) % (PAGES - 64);
    const pfns = Uint32Array.from({ length: 64 }, (_, i) => first + i);
    const codes = Uint8Array.from(pfns, (pfn) => (pfn * 7 + this.#sent) % 13);
    for (const [i, pfn] of pfns.entries()) this.codes[pfn] = codes[i]!;
    return { count: 64, pfns, codes };
  }

  #figures() {
    const n = this.#sent;
    const counters = { hits: n * 9, misses: n, sets: n * 3, refusals: 0, deletes: n, evictions: n };
    return {
      ...{ time: 1.7e12 + n * 500, rss: 1e8, freePages: 1000, stockedPages: 0, threads: 2 },
      ...{ entries: n, keyBytes: n, valueBytes: n, expirations: 0, limboWaits: 0, unusable: 0 },
      ...counters,
      limbo: [0, 0, 0, 0, 0],
    };
  }
}

/**
 * Lets looks come until a round of them leaves the heap as it was. What the engine compiles late
 * makes it grow once; a leak makes it grow in each round.
 *
 * @returns how much it grew in the best round, of 1
 */
async function growthOf(lookOn: () => Promise<void>, heap: () => Promise<number>): Promise<number> {
  let best = Infinity;
  let before = await heap();
  for (let round = 0; round < ROUNDS && best > MOST_GROWTH; round++) {
    await lookOn();
    const after = await heap();
    console.log(`heap after ${LOOKS} looks: ${after}, ${before} before them`);
    best = Math.min(best, after / before - 1);
    before = after;
  }
  return best;
}

async function lookOften({ page, problems }: Watched, port: number, token: string, sender: Sender) {
  await page.goto(`http://127.0.0.1:${port}/#${token}`);
  await page.waitForSelector('.legend tbody tr');
  const devtools = await page.createCDPSession();
  let looks = 1;
  const sendUpTo = async (total: number) => {
    while (looks < total) {
      sender.send(BATCH);
      looks += BATCH;
      const entries = (looks - 1).toLocaleString('en');
      await page.waitForFunction(
        (wanted) =>
          document.querySelectorAll('.key-figures dd')[1]?.textContent?.startsWith(wanted),
        { polling: 10 },
        `${entries}`,
      );
    }
  };
  const heap = async () => {
    await devtools.send('HeapProfiler.collectGarbage');
    return (await page.metrics()).JSHeapUsedSize!;
  };
  await sendUpTo(WARM_UP);
  const growth = await growthOf(() => sendUpTo(looks + LOOKS), heap);
  assert.ok(growth <= MOST_GROWTH, `${growth}`);
  const shown = await page.$$eval('.legend tbody td:nth-child(2)', (cells) =>
    cells.map((cell) => Number(cell.textContent!.replaceAll(',', ''))),
  );
  const counts = Array.from(
    { length: 13 },
    (_, code) => sender.codes.filter((c) => c === code).length,
  );
  assert.deepEqual(shown, counts);
  assert.deepEqual(problems, []);
}

inBrowsers(
  'ten thousand looks leave the heap as it was',
  async (watched) => {
    const sender = new Sender();
    const token = newToken();
    const nothing = { describe: () => undefined, keys: async () => undefined };
    const server = await listen(0, token, { stream: (to) => sender.begin(to), ...nothing });
    try {
      await lookOften(watched, (server.address() as AddressInfo).port, token, sender);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  },
  ['chromium'],
);
