#!/usr/bin/env bash
# Deno 2.9.6 on Linux x64, seen 2026-11-29: a worker runs on after its `exit`.
#
# `await worker.terminate()` of node:worker_threads resolves, and the `exit` event comes, while the
# worker's code still runs: a loop went on for millions of rounds. A MessagePort of the worker gives no
# `close`. In Node.js 20 to 26 and Bun 1.4.5 the loop has ended by then. So `exit` proves nothing in
# Deno, and what a worker held must not be given to others because of it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent --ignore-scripts @deno/linux-x64-glibc@2.9.6
cat >seen.mjs <<'JS'
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

if (isMainThread) {
  let ranOn = 0;
  for (let round = 0; round < 10; round++) {
    const rounds = new Int32Array(new SharedArrayBuffer(4));
    const worker = new Worker(process.argv[1], { workerData: rounds.buffer });
    await once(worker, 'message');
    await worker.terminate();
    const then = Atomics.load(rounds, 0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    if (Atomics.load(rounds, 0) !== then) ranOn++;
  }
  console.log('ran on after exit:', ranOn > 0 ? 'yes' : 'no');
  process.exit(0);
} else {
  const rounds = new Int32Array(workerData);
  parentPort.postMessage('ready');
  for (;;) Atomics.add(rounds, 0, 1);
}
JS
node seen.mjs | sed 's/^/node: /' | tee seen.txt
node_modules/@deno/linux-x64-glibc/deno run -A seen.mjs | sed 's/^/deno: /' | tee -a seen.txt
diff seen.txt - <<'SEEN'
node: ran on after exit: no
deno: ran on after exit: yes
SEEN
