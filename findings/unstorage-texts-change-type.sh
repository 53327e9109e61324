#!/usr/bin/env bash
# unstorage 1.17.6 on Node 20.20, seen 2026-11-28: texts come back as other types, or rounded.
#
# `setItem(key, text)` keeps the text; `getItem` guesses what it means. A text that looks like a
# number, a boolean, null, undefined, NaN or JSON in any capitals comes back as that; a 17-digit
# id comes back as another id. `getItemRaw` gives the text.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent unstorage@1.17.6
cat >seen.mjs <<'JS'
import { createStorage } from 'unstorage';
import memory from 'unstorage/drivers/memory';

const storage = createStorage({ driver: memory() });
const shown = (value) => (Object.is(value, -0) ? '-0' : String(value));
for (const text of ['9007199254740993', '1e5', '-0', 'TRUE', 'nan', 'Infinity', 'undefined', '0x10', ' 7']) {
  await storage.setItem('key', text);
  const value = await storage.getItem('key');
  console.log(JSON.stringify(text), '->', typeof value, shown(value), '| raw', await storage.getItemRaw('key'));
}
JS
node seen.mjs | tee seen.txt
diff seen.txt - <<'SEEN'
"9007199254740993" -> number 9007199254740992 | raw 9007199254740993
"1e5" -> number 100000 | raw 1e5
"-0" -> number -0 | raw -0
"TRUE" -> boolean true | raw TRUE
"nan" -> number NaN | raw nan
"Infinity" -> number Infinity | raw Infinity
"undefined" -> undefined undefined | raw undefined
"0x10" -> string 0x10 | raw 0x10
" 7" -> number 7 | raw  7
SEEN
