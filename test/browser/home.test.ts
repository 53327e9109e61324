/**
 * A browser as home: threads of a page share a cache, are terminated, and what they owned comes
 * back.
 */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { inBrowsers } from './browsers.ts';
import type { Outcome } from './home/page.ts';
import { KEYS } from './home/values.ts';

/** The page's files, bundled as a user's would be. */
function bundled(): Map<string, string> {
  const folder = fileURLToPath(new URL('./home', import.meta.url));
  const { outputFiles } = buildSync({
    entryPoints: ['page.ts', 'worker.ts', 'life.ts', 'life-worker.ts'].map(
      (file) => `${folder}/${file}`,
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
  assert.equal(outcome.wrong, 0);
  assert.ok(outcome.rounds > KILLS, `${outcome.rounds} rounds`);
  assert.equal(outcome.entries, KEYS);
  assert.equal(outcome.threadsAfter, outcome.threadsBefore);
  console.log(`reaped after ${outcome.reaped.map(Math.round).join(', ')} ms`);
  assert.deepEqual(problems, []);
});

/** PAGELESS_TERMINATIONS=10000 for the long run. */
const TERMINATIONS = Number(process.env.PAGELESS_TERMINATIONS ?? 20);
/** In one call of the page, so that none takes as long as a page that hangs. */
const AT_ONCE = 40;

inBrowsers(
  'no instruction of a terminated worker runs after its lock is free',
  async ({ page }) => {
    await page.goto(`${origin}/life`);
    await page.waitForFunction('globalThis.run');
    for (let left = TERMINATIONS; left > 0; left -= AT_ONCE) {
      const workers = Math.min(left, AT_ONCE);
      assert.deepEqual(await page.evaluate(`run(${workers})`), { late: 0, seen: workers });
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
