/** The page and the worker of docs/guides/browsers.md, bundled and run as the guide says. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { codeBlocks } from '../packaging/code-blocks.ts';
import { inBrowsers } from './browsers.ts';

const guide = new URL('../../docs/guides/browsers.md', import.meta.url);
const files = codeBlocks(readFileSync(guide, 'utf8')).filter(({ isForPages }) => isForPages);
const bundles = new Map<string, string>();

const server = createServer((request, response) => {
  response.setHeader('cross-origin-opener-policy', 'same-origin');
  response.setHeader('cross-origin-embedder-policy', 'require-corp');
  response.setHeader('content-security-policy', "script-src 'self' 'wasm-unsafe-eval'");
  const bundle = bundles.get(request.url!.slice(1));
  if (bundle === undefined) {
    response.setHeader('content-type', 'text/html');
    response.end(
      '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>',
    );
  } else response.setHeader('content-type', 'text/javascript').end(bundle);
});

before(async () => {
  const resolveDir = fileURLToPath(new URL('../..', import.meta.url));
  for (const { name, code } of files) {
    const { outputFiles } = await build({
      stdin: { contents: code, resolveDir },
      ...{ bundle: true, write: false, format: 'esm', platform: 'browser' },
    });
    bundles.set(name, outputFiles[0]!.text);
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
after(() => server.close());

inBrowsers("the guide's page gets what its worker has stored", async ({ page, problems }) => {
  assert.deepEqual([...bundles.keys()], ['page.js', 'worker.js']);
  const said = new Promise<unknown>((resolve) => {
    page.on('console', async (message) => {
      if (message.type() === 'log') resolve(await message.args()[0]?.jsonValue());
    });
  });
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  assert.deepEqual(await said, { tiles: 12 });
  assert.deepEqual(problems, []);
});
