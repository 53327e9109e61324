#!/usr/bin/env bash
# ioredis 5.11.1 and 6.0.0 with redis-server 7.0, Node 20.20, seen 2026-11-28: 6 loses invalidations.
#
# Client-side caching over two connections: one reads with CLIENT TRACKING ON REDIRECT <id>, the other
# has subscribed to __redis__:invalidate. ioredis 6 speaks RESP3 unless told otherwise, where the
# server sends a push instead of a message, and the client drops it: no `message`, no error, and the
# cache stays stale. `protocol: 2` on the subscriber brings them back.
# Needs redis-server (Debian: apt-get install redis-server).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent ioredis@6.0.0 ioredis-5@npm:ioredis@5.11.1
command -v redis-server >/dev/null || { echo 'redis-server is not installed'; exit 2; }
cat >seen.mjs <<'JS'
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import Redis6 from 'ioredis';
import Redis5 from 'ioredis-5';

const path = `${process.cwd()}/redis.sock`;
const flags = ['--port', '0', '--unixsocket', path, '--save', '', '--appendonly', 'no'];
const server = spawn('redis-server', flags, { stdio: 'ignore' });
while (!existsSync(path)) await sleep(20);
for (const [name, Redis, options] of [
  ['ioredis 5.11.1', Redis5, {}],
  ['ioredis 6.0.0', Redis6, {}],
  ['ioredis 6.0.0, protocol 2', Redis6, { protocol: 2 }],
]) {
  const subscriber = new Redis({ path, ...options });
  const reader = new Redis({ path });
  const writer = new Redis({ path });
  const told = [];
  for (const event of ['message', 'push', 'error']) subscriber.on(event, (...rest) => told.push(rest.at(-1)));
  const id = await subscriber.client('ID');
  await subscriber.subscribe('__redis__:invalidate');
  await reader.client('TRACKING', 'ON', 'REDIRECT', id);
  await writer.set('key', 'old');
  await reader.get('key');
  await writer.set('key', 'new');
  await sleep(300);
  console.log(`${name}: told of ${told.join(' ') || 'nothing'}`);
  for (const client of [subscriber, reader, writer]) client.disconnect();
}
server.kill();
JS
node seen.mjs | tee seen.txt
diff seen.txt - <<'SEEN'
ioredis 5.11.1: told of key
ioredis 6.0.0: told of nothing
ioredis 6.0.0, protocol 2: told of key
SEEN
