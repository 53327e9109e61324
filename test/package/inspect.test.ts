/** The inspector, as the package has it: both halves serve the page, and show zones of either. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import * as esm from 'pageless';
import * as inspectEsm from 'pageless/inspect';

const require = createRequire(import.meta.url);
const cjs = require('pageless') as typeof esm;
const inspectCjs = require('pageless/inspect') as typeof inspectEsm;

for (const [name, { inspect }] of Object.entries({ inspectEsm, inspectCjs })) {
  test(`the page of a program is served: ${name}`, async () => {
    using cache = new esm.SharedCache({ maxSize: '4MiB' });
    using arena = new cjs.Arena({ size: '4MiB' });
    const inspector = await inspect([cache, arena]);
    const { origin, hash } = new URL(inspector.url!);
    const page = await (await fetch(origin)).text();
    assert.match(page, /<title>pageless<\/title>/);
    const headers = { Authorization: `Bearer ${hash.slice(1)}` };
    for (const zone of [0, 1]) {
      const response = await fetch(`${origin}/page?zone=${zone}&pfn=0`, { headers });
      assert.deepEqual(await response.json(), { pfn: 0, use: 'zone metadata', order: 0 });
    }
    await inspector.close();
  });
}
