#!/usr/bin/env bash
# lmdb 3.5.6 in a Piscina 5.3.2 pool, Node 20.20, seen 2026-11-28: tasks read the past, for ever.
#
# lmdb-js keeps one read transaction a thread and renews it when the event loop has turned. A Piscina
# worker between two tasks (atomics: 'sync', the default) sleeps in Atomics.wait and never turns
# it: every task reads the snapshot of the worker's first read, however long ago that was and
# whatever was committed and flushed since. `resetReadTxn()` before the reads of a task mends it;
# so does `atomics: 'async'`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent lmdb@3.5.6 piscina@5.3.2
cat >task.mjs <<'JS'
import { open } from 'lmdb';

const db = open({ path: 'data' });
export default ({ reset }) => {
  if (reset) db.resetReadTxn();
  return db.get('n');
};
JS
cat >seen.mjs <<'JS'
import { open } from 'lmdb';
import { Piscina } from 'piscina';

const db = open({ path: 'data' });
for (const options of [{}, { atomics: 'async' }]) {
  const pool = new Piscina({
    filename: new URL('task.mjs', import.meta.url).href, minThreads: 1, maxThreads: 1, ...options,
  });
  const seen = [];
  for (let n = 1; n <= 5; n++) {
    await db.put('n', n);
    await db.flushed;
    seen.push(await pool.run({}));
  }
  console.log(JSON.stringify(options), 'put 1 to 5, tasks read', seen.join(' '),
    '| after resetReadTxn', await pool.run({ reset: true }));
  await pool.close();
}
await db.close();
JS
node seen.mjs | tee seen.txt
diff seen.txt - <<'SEEN'
{} put 1 to 5, tasks read 1 1 1 1 1 | after resetReadTxn 5
{"atomics":"async"} put 1 to 5, tasks read 1 2 3 4 5 | after resetReadTxn 5
SEEN
