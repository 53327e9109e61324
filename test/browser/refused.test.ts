/**
 * Pages that browsers give no shared memory, or no WebAssembly: import works, and who creates is
 * told which header or directive is missing.
 */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { inBrowsers } from './browsers.ts';
import type { Told } from './home/refused.ts';

const { outputFiles } = buildSync({
  entryPoints: [fileURLToPath(new URL('./home/refused.ts', import.meta.url))],
  ...{ bundle: true, write: false, format: 'esm', target: 'es2022', logLevel: 'error' },
});
const script = outputFiles[0]!.text;

const isolated = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** A page's headers, and what it is told is missing; undefined: nothing. */
const pages: Record<string, [headers: Record<string, string>, missing: RegExp | undefined]> = {
  'without headers': [{}, /Cross-Origin-Opener-Policy: same-origin and/],
  'without an embedder policy': [
    { 'Cross-Origin-Opener-Policy': 'same-origin' },
    /Cross-Origin-Embedder-Policy: require-corp/,
  ],
  'whose policy does not allow WebAssembly': [
    { ...isolated, 'Content-Security-Policy': "script-src 'self'" },
    /Content-Security-Policy has to allow 'wasm-unsafe-eval' in script-src/,
  ],
  'with neither': [{ 'Content-Security-Policy': "default-src 'self'" }, /Cross-Origin-Opener-/],
  'with both': [
    { ...isolated, 'Content-Security-Policy': "script-src 'self' 'wasm-unsafe-eval'" },
    undefined,
  ],
};

const html = '<!doctype html><script type="module" src="refused.js"></script>';

/** Page and script of each lie in a folder of their own: a worker has the headers of its script. */
const server: Server = createServer(({ url = '' }, response) => {
  const [, page = '', file] = decodeURIComponent(url).split('/');
  const isScript = file === 'refused.js';
  const type = isScript ? 'text/javascript' : 'text/html';
  response.writeHead(200, { ...pages[page]?.[0], 'Content-Type': type });
  response.end(isScript ? script : html);
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
after(() => {
  server.closeAllConnections();
  server.close();
});
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

inBrowsers(
  'a page that may have no cache is told which header or directive is missing',
  async (on) => {
    for (const [page, [, missing]] of Object.entries(pages)) {
      await on.page.goto(`${origin}/${page}/`);
      await on.page.waitForFunction('globalThis.askBoth');
      const told = (await on.page.evaluate('askBoth()')) as Told[];
      assert.equal(told.length, 2, 'the page, and its worker');
      for (const { isSupported, why, error } of told) {
        assert.equal(isSupported, missing === undefined, page);
        if (missing === undefined) assert.deepEqual([why, error], [undefined, undefined]);
        else {
          assert.match(why ?? '', missing, page);
          assert.equal(error?.name, 'UnsupportedError', page);
          assert.equal(error?.code, 'ERR_PAGELESS_UNSUPPORTED', page);
          assert.equal(error?.message, `pageless cannot be used here: ${why}`, page);
        }
      }
    }
    const isOfPolicy = (problem: string) =>
      /Content.Security.Policy|WebAssembly|wasm/i.test(problem);
    assert.deepEqual(
      on.problems.filter((problem) => !isOfPolicy(problem)),
      [],
    );
  },
);
