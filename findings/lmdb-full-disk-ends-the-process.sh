#!/usr/bin/env bash
# lmdb 3.5.6, Node 24.21, Linux, seen 2026-11-29: a commit that fails ends the process, although the
# promise of every write is handled.
#
# Writes of one turn of the event loop are a batch of lmdb's own, which begins with an instruction
# whose promise nobody gets; it is rejected with the others. The cause of a rejection lies in a
# second promise, `error.commitError`, which is rejected as well, handled or not. With
# `eventTurnBatching: false`, batches by `batch`, and a handler for `commitError`, it is survived.
# The disk is full here by a limit of the process's files.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent lmdb@3.5.6
cat >seen.mjs <<'JS'
import { open } from 'lmdb';

const isCareful = process.argv[2] === 'careful';
const db = open({ path: process.argv[2], encoding: 'binary', ...(isCareful && { eventTurnBatching: false }) });
const value = Buffer.alloc(5000, 1);
for (let n = 0; n < 1000; n++) {
  try {
    if (isCareful) await db.batch(() => db.put(n, value));
    else await db.put(n, value);
  } catch (error) {
    if (isCareful) error.commitError?.catch(() => undefined);
    console.log('a write was refused, and handled');
    break;
  }
}
await new Promise((resolve) => setTimeout(resolve, 100));
console.log('the process goes on');
JS
for how in plain careful; do
  echo "$how:"
  (trap '' XFSZ; ulimit -S -f 1024; node seen.mjs "$how" 2>/dev/null) || echo 'the process ended'
done | tee seen.txt
diff seen.txt - <<'SEEN'
plain:
a write was refused, and handled
the process ended
careful:
a write was refused, and handled
the process goes on
SEEN
