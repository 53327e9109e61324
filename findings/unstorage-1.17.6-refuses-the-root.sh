#!/usr/bin/env bash
# unstorage 1.17.5 and 1.17.6 on Node 20.20, seen 2026-11-30: the patch refuses keys that were kept.
#
# A key that comes to nothing when it is normalised, `/` or what is only a query, was the key '' until
# 1.17.5, also below a prefix. 1.17.6 throws. Addresses are such keys: a page of Nuxt 4.4.5 with `swr` under the route
# `/`, whose payload is kept under its address, answers 500 with 1.17.6. Keys with a part `..` are refused as well.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent before@npm:unstorage@1.17.5 after@npm:unstorage@1.17.6
cat >seen.mjs <<'JS'
for (const name of ['before', 'after']) {
  const { createStorage, prefixStorage } = await import(name);
  for (const prefix of [undefined, 'pages']) {
    const storage = createStorage();
    const asked = prefix ? prefixStorage(storage, prefix) : storage;
    const answers = [];
    for (const key of ['/', '?page=2', '..', 'a/..']) {
      await storage.clear();
      const answer = await asked.setItem(key, 'x').then(
        async () => `kept as ${JSON.stringify(await storage.getKeys())}`,
        (error) => error.message.replace(/.*\] /, ''),
      );
      answers.push(`${key} ${answer}`);
    }
    console.log(`${name}${prefix ? ' below a prefix' : ''}: ${answers.join(', ')}`);
  }
}
JS
node seen.mjs | tee seen.txt
diff seen.txt - <<'SEEN'
before: / kept as [""], ?page=2 kept as [""], .. kept as [".."], a/.. kept as ["a:.."]
before below a prefix: / kept as ["pages"], ?page=2 kept as ["pages"], .. kept as ["pages:.."], a/.. kept as ["pages:a:.."]
after: / Invalid key: "/", ?page=2 Invalid key: "?page=2", .. Invalid key: "..", a/.. Invalid key: "a/.."
after below a prefix: / Invalid key: "/", ?page=2 Invalid key: "?page=2", .. Invalid key: "pages:..", a/.. Invalid key: "pages:a/.."
SEEN
