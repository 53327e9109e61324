#!/usr/bin/env bash
# node-redis 6.3.1 with redis-server 7.0, Node 20.20, seen 2026-11-28: its cache outlives FLUSHALL.
#
# With `clientSideCache`, a `get` and a `flushAll` issued in one turn can leave the flushed value in
# the client's cache, where it stays: nothing will ever invalidate it. Seen in about every second
# round; the server itself answers null.
# Needs redis-server (Debian: apt-get install redis-server).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent redis@6.3.1
command -v redis-server >/dev/null || { echo 'redis-server is not installed'; exit 2; }
cat >seen.mjs <<'JS'
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';

const path = `${process.cwd()}/redis.sock`;
const flags = ['--port', '0', '--unixsocket', path, '--save', '', '--appendonly', 'no'];
const server = spawn('redis-server', flags, { stdio: 'ignore' });
while (!existsSync(path)) await sleep(20);
const plain = await createClient({ socket: { path } }).connect();
const caching = await createClient({
  RESP: 3, socket: { path }, clientSideCache: { ttl: 0, maxEntries: 0 },
}).connect();
let stale = 0;
for (let round = 0; round < 100; round++) {
  await caching.set('key', 'old');
  await Promise.all([caching.get('key'), caching.flushAll()]);
  await sleep(5);
  if ((await caching.get('key')) !== (await plain.get('key'))) stale++;
}
console.log('stale after FLUSHALL:', stale > 0 ? 'yes' : 'never');
console.error(`(${stale} of 100 rounds)`);
caching.destroy();
plain.destroy();
server.kill();
JS
node seen.mjs | tee seen.txt
diff seen.txt - <<'SEEN'
stale after FLUSHALL: yes
SEEN
