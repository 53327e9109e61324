#!/usr/bin/env bash
# undici 8.13.1 on Node 22.23, seen 2026-11-28: a stale answer is revalidated for ever, not renewed.
#
# The cache interceptor asks the origin about a stale answer and gets 304. Where the 304 has no
# Cache-Control of its own (RFC 9111 has the stored one go on), the answer stays stale: every
# further request goes to the origin again. Where it repeats the field, the stored entry is dropped,
# and the next request fetches it anew.
# Needs Node >= 22.19.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent undici@8.13.1
cat >seen.mjs <<'JS'
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, interceptors, request } from 'undici';

const asked = [];
const server = createServer(({ url, headers }, response) => {
  const isKnown = headers['if-none-match'] === '"1"';
  response.setHeader('etag', '"1"');
  if (!isKnown || url === '/repeats') response.setHeader('cache-control', 'max-age=1');
  response.statusCode = isKnown ? 304 : 200;
  asked.push(response.statusCode);
  response.end(isKnown ? undefined : 'body');
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const dispatcher = new Agent().compose(interceptors.cache());
const get = async (path) => {
  const { body } = await request(`http://127.0.0.1:${server.address().port}${path}`, { dispatcher });
  return body.text();
};
for (const path of ['/repeats', '/silent']) {
  await get(path);
  await sleep(1200);
  asked.length = 0;
  for (let call = 0; call < 4; call++) await get(path);
  console.log(path, '4 calls after it went stale, origin asked:', asked.join(' '));
}
server.close();
await dispatcher.close();
JS
node seen.mjs | tee seen.txt
diff seen.txt - <<'SEEN'
/repeats 4 calls after it went stale, origin asked: 304 200
/silent 4 calls after it went stale, origin asked: 304 304 304 304
SEEN
