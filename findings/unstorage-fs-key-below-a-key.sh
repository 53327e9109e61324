#!/usr/bin/env bash
# unstorage 1.17.6 on Node 20.20, Linux, seen 2026-11-30: drivers `fs` and `fs-lite` cannot hold a key
# and one below it.
#
# A key is a path there, so `user` is a file and `user:1` a file in a folder of that name. Whichever is
# set first, the other throws ENOTDIR or EISDIR, while `memory` and the drivers of servers hold both.
# Where `user:1` is set, `user` is there to `hasItem` and null to `getItem`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent unstorage@1.17.6
cat >seen.mjs <<'JS'
import { createStorage } from 'unstorage';
import fs from 'unstorage/drivers/fs';
import fsLite from 'unstorage/drivers/fs-lite';
import memory from 'unstorage/drivers/memory';

const outcome = (promise) => promise.then(() => 'set', ({ code }) => code);
for (const open of [memory, fs, fsLite]) {
  const storage = createStorage({ driver: open({ base: `./${open.name}` }) });
  const below = [await outcome(storage.setItem('user', 1)), await outcome(storage.setItem('user:1', 2))];
  await outcome(storage.setItem('page:1', 3));
  const seen = [await storage.hasItem('page'), await storage.getItem('page')];
  const above = await outcome(storage.setItem('page', 4));
  await storage.dispose();
  console.log(storage.getMount('').driver.name, '·', ...below, '· page', ...seen, above);
}
JS
node seen.mjs | tee seen.txt
diff seen.txt - <<'SEEN'
memory · set set · page false null set
fs · set ENOTDIR · page true null EISDIR
fs-lite · set ENOTDIR · page true null EISDIR
SEEN
