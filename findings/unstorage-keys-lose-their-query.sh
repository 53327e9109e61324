#!/usr/bin/env bash
# unstorage 1.17.6 on Node 20.20, seen 2026-11-30: what stands behind a question mark is no part of a
# key, whatever the driver.
#
# Every key is normalised first: it ends at the first `?`, slashes and backslashes become `:`, several
# are one, and those at the ends go. So under addresses, the natural keys of answers, all queries of a
# path are one entry: each `setItem` overwrites the others', and `getItem` gives a stranger's answer.
# Keys that come from outside have to be hashed, or encoded, before.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent unstorage@1.17.6
cat >seen.mjs <<'JS'
import { createStorage } from 'unstorage';
import lruCache from 'unstorage/drivers/lru-cache';
import memory from 'unstorage/drivers/memory';

for (const driver of [memory(), lruCache({})]) {
  const storage = createStorage({ driver });
  await storage.setItem('/search?q=cats', 'about cats');
  await storage.setItem('/search?q=dogs', 'about dogs');
  await storage.setItem('a/b', 1);
  await storage.setItem(':a::b', 2);
  const keys = await storage.getKeys();
  console.log(driver.name, keys.sort().join(' '));
  console.log(await storage.getItem('/search?q=cats'), '|', await storage.getItem('/search?q=none'));
  console.log(await storage.getItem('a\\b'), await storage.getItem(encodeURIComponent('/search?q=cats')));
}
JS
node seen.mjs | tee seen.txt
diff seen.txt - <<'SEEN'
memory a:b search
about dogs | about dogs
2 null
lru-cache a:b search
about dogs | about dogs
2 null
SEEN
