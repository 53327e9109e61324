#!/usr/bin/env bash
# Piscina 5.3.2 on Node 20.20, seen 2026-11-28: between tasks a worker runs nothing at all.
#
# By default an idle worker sleeps in Atomics.wait, so no timer, port or promise of it makes progress
# until its next task: whatever a library does "in the background" of a pool's thread stands
# still. With `atomics: 'async'` the event loop goes on.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent piscina@5.3.2
cat >task.mjs <<'JS'
let timer;
let ticks = 0;
export default () => {
  timer ??= setInterval(() => ticks++, 10);
  return ticks;
};
JS
cat >seen.mjs <<'JS'
import { setTimeout as sleep } from 'node:timers/promises';
import { Piscina } from 'piscina';

for (const options of [{}, { atomics: 'async' }]) {
  const pool = new Piscina({
    filename: new URL('task.mjs', import.meta.url).href, minThreads: 1, maxThreads: 1, ...options,
  });
  await pool.run();
  const before = await pool.run();
  await sleep(1000);
  const ticks = (await pool.run()) - before;
  console.log(JSON.stringify(options), 'a 10 ms interval, in an idle second:', ticks > 1 ? 'ticks' : 'nothing');
  await pool.destroy();
}
JS
node seen.mjs | tee seen.txt
diff seen.txt - <<'SEEN'
{} a 10 ms interval, in an idle second: nothing
{"atomics":"async"} a 10 ms interval, in an idle second: ticks
SEEN
