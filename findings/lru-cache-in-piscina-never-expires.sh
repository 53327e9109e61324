#!/usr/bin/env bash
# lru-cache 11.5.3 and @isaacs/ttlcache 2.1.5 in Piscina 5.3.2 and tinypool 2.2.0, Node 20.20, seen
# 2026-11-30: in a pool's worker, what was read once never expires.
#
# `get` of lru-cache reads the clock once, and again only when a timer of `ttlResolution`, 1 ms, has
# fired; TTLCache takes out what is over by a timer. A worker of these pools sleeps in Atomics.wait
# between two tasks and serves no timer, whether tasks are async functions or not: values of 50 ms
# were there 1.5 s later. tiny-lru looks at the clock each time, and expires. `ttlResolution: 0` and
# `checkAgeOnGet: true` mend it, Piscina's `atomics: 'async'` too.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent lru-cache@11.5.3 @isaacs/ttlcache@2.1.5 tiny-lru@13.1.0 \
  piscina@5.3.2 tinypool@2.2.0
cat >caches.mjs <<'JS'
import { TTLCache } from '@isaacs/ttlcache';
import { LRUCache } from 'lru-cache';
import { lru } from 'tiny-lru';

const ttl = 50;
const caches = {
  'lru-cache': new LRUCache({ max: 10, ttl }),
  'lru-cache, ttlResolution 0': new LRUCache({ max: 10, ttl, ttlResolution: 0 }),
  ttlcache: new TTLCache({ ttl }),
  'ttlcache, checkAgeOnGet': new TTLCache({ ttl, checkAgeOnGet: true }),
  'tiny-lru': lru(10, ttl),
};
export function task(what) {
  const all = Object.entries(caches);
  if (what === 'set') for (const [, cache] of all) cache.set('key', 1);
  const found = all.filter(([, cache]) => cache.get('key') !== undefined).map(([name]) => name);
  return found.join(' + ') || 'nothing';
}
JS
echo "export { task as default } from './caches.mjs';" >plain.mjs
echo "import { task } from './caches.mjs'; export default async (what) => task(what);" >async.mjs
cat >seen.mjs <<'JS'
import { setTimeout as sleep } from 'node:timers/promises';
import { Piscina } from 'piscina';
import Tinypool from 'tinypool';

async function tryIt(name, Pool, file, options = {}) {
  const filename = new URL(file, import.meta.url).href;
  const pool = new Pool({ filename, minThreads: 1, maxThreads: 1, ...options });
  await pool.run('set');
  await sleep(500);
  const first = await pool.run('get');
  await sleep(1000);
  console.log(`${name}, ${file}: ${first} | ${await pool.run('get')}`);
  await pool.destroy();
}

for (const file of ['plain.mjs', 'async.mjs']) {
  await tryIt('piscina', Piscina, file);
  await tryIt('tinypool', Tinypool, file);
}
await tryIt('piscina, atomics async', Piscina, 'plain.mjs', { atomics: 'async' });
JS
node seen.mjs | tee seen.txt
diff seen.txt - <<'SEEN'
piscina, plain.mjs: lru-cache + ttlcache | lru-cache + ttlcache
tinypool, plain.mjs: lru-cache + ttlcache | lru-cache + ttlcache
piscina, async.mjs: lru-cache + ttlcache | lru-cache + ttlcache
tinypool, async.mjs: lru-cache + ttlcache | lru-cache + ttlcache
piscina, atomics async, plain.mjs: nothing | nothing
SEEN
