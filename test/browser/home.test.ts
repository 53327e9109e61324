/**
 * A browser as home: threads of a page share a cache, are terminated, and what they owned comes
 * back.
 */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { inBrowsers } from './browsers.ts';
import type { Held } from './home/holder.ts';
import type { Outcome } from './home/page.ts';
import { KEYS } from './home/values.ts';

/** The page's files, bundled as a user's would be. */
function bundled(): Map<string, string> {
  const folder = fileURLToPath(new URL('./home', import.meta.url));
  const { outputFiles } = buildSync({
    entryPoints: ['page', 'worker', 'holder', 'holder-worker', 'life', 'life-worker'].map(
      (file) => `${folder}/${file}.ts`,
    ),
    ...{ bundle: true, write: false, outdir: '/', format: 'esm', target: 'es2022' },
    logLevel: 'error',
  });
  return new Map(outputFiles.map(({ path, text }) => [path, text]));
}

/** What shared memory needs: a page that is isolated. */
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  // Ten thousand workers need not fetch their script each.
  'Cache-Control': 'max-age=3600',
  'Content-Security-Policy': "script-src 'self' 'wasm-unsafe-eval'",
};

const files = bundled();
const server: Server = createServer(({ url = '' }, response) => {
  const script = files.get(url);
  const type = script === undefined ? 'text/html' : 'text/javascript';
  response.writeHead(200, { ...headers, 'Content-Type': type });
  response.end(
    script ??
      `<!doctype html><link rel="icon" href="data:,"><script type="module" src="${url}.js"></script>`,
  );
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
after(() => {
  server.closeAllConnections();
  server.close();
});
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const KILLS = 4;

inBrowsers('four workers on one cache are killed and reaped, and nothing is wrong', async (on) => {
  const { page, problems } = on;
  await page.goto(`${origin}/page`);
  await page.waitForFunction('globalThis.run');
  const outcome = (await page.evaluate(`run(${KILLS})`)) as Outcome;
  const { reaped, longest, ...said } = outcome;
  console.log(`reaped after ${reaped.map(Math.round)} ms, main thread`, said, `${longest} ms`);
  assert.equal(outcome.wrong, 0);
  assert.ok(outcome.rounds >= KILLS, `${outcome.rounds} rounds`);
  assert.ok(outcome.calls > 0);
  assert.equal(outcome.kept, KEYS);
  assert.equal(outcome.threadsAfter, outcome.threadsBefore);
  assert.deepEqual(problems, []);
});

/** What a worker holds, whether it is killed with it, and calls that come to it. */
const holds: [place: string, isKilled: boolean, calls: string[]][] = [
  ['world', false, ['get', 'set', 'delete', 'clear', 'getOrSetSync', 'folios', 'pool', 'another']],
  ['world', true, ['compact', 'synchronize', 'check']],
  ['slabs', false, ['folios']],
  ['slabs', true, ['folios', 'check']],
  ['limbo', false, ['check']],
  ['zsmalloc', true, ['pool']],
  ['threads', true, ['check']],
];

inBrowsers('no call of the main thread waits for ever, whatever a worker holds', async (on) => {
  const { page, problems } = on;
  await page.goto(`${origin}/holder`);
  await page.waitForFunction('globalThis.hold');
  for (const [place, isKilled, calls] of holds) {
    const asked = `hold('${place}', ${JSON.stringify(calls)}, ${isKilled})`;
    const { busy, longest, isSound } = (await page.evaluate(asked)) as Held;
    console.log(`${place} held: BusyError after ${Math.round(longest)} ms at most`);
    assert.deepEqual(busy, calls);
    assert.ok(isSound);
  }
  await page.evaluate('closeMeanwhile()');
  assert.deepEqual(problems, []);
});

inBrowsers('a page without Web Locks is told that nobody notices deaths', async ({ page }) => {
  const warned: string[] = [];
  page.on('console', (message) => message.type() === 'warn' && warned.push(message.text()));
  await page.goto(`${origin}/page`);
  await page.waitForFunction('globalThis.withoutLocks');
  assert.equal(await page.evaluate('withoutLocks() || withoutLocks()'), false);
  assert.deepEqual(warned, ['pageless: no Web Locks here, so deaths of threads are not noticed']);
});

test('memories go to workers over ports: Chromium drops them from broadcasts', () => {
  const texts = [...files.values()].join();
  assert.ok(texts.includes('.handle'));
  assert.ok(!texts.includes('BroadcastChannel'));
});

/** PAGELESS_TERMINATIONS=10000 for the long run. */
const TERMINATIONS = Number(process.env.PAGELESS_TERMINATIONS ?? 20);
/** In one call of the page, so that none takes as long as a page that hangs. */
const AT_ONCE = 100;

inBrowsers(
  'no instruction of a terminated worker runs after its lock is free',
  async ({ page }) => {
    await page.goto(`${origin}/life`);
    await page.waitForFunction('globalThis.run');
    for (let left = TERMINATIONS; left > 0; left -= AT_ONCE) {
      const workers = Math.min(left, AT_ONCE);
      assert.deepEqual(await page.evaluate(`run(${workers})`), { late: 0, seen: workers });
      if (TERMINATIONS > AT_ONCE) console.log(`${left - workers} terminations to go`);
    }
  },
);

inBrowsers(
  'a lock that a worker has only asked for proves nothing',
  async ({ page }) => {
    await page.goto(`${origin}/life`);
    await page.waitForFunction('globalThis.unasked');
    assert.ok(Number(await page.evaluate('unasked()')) > 0);
  },
  ['chromium'],
);
