#!/usr/bin/env bash
# lz4js 0.2.0, lz4-napi 2.10.0, @foxglove/wasm-lz4 1.0.2, Node 20.20, seen 2026-11-30: of a frame with
# block checksums lz4js gives other bytes, and no error.
#
# In LZ4's frame format a block's checksum stands behind its data (`lz4 -BX` writes such frames). lz4js
# skips four bytes before the data instead: each block loses its first four bytes and ends with its
# checksum. It looks at no checksum at all, so that of the content, at the end, does not tell either.
# The others read these frames rightly; so does lz4js those without block checksums.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent lz4js@0.2.0 lz4-napi@2.10.0 @foxglove/wasm-lz4@1.0.2 \
  xxhash-wasm@1.1.0
cat >seen.mjs <<'JS'
import foxglove from '@foxglove/wasm-lz4';
import lz4js from 'lz4js';
import { decompressFrameSync } from 'lz4-napi';
import xxhash from 'xxhash-wasm';

await foxglove.isLoaded;
const { h32Raw } = await xxhash();
const word = (number) => Buffer.from(new Uint32Array([number]).buffer);
const RAW = 0x80000000;

/** A frame of one block, by the format's description 1.6.4. */
function frame(block, isRaw, content, hasBlockSum) {
  const descriptor = Buffer.from([0x64 | (hasBlockSum ? 0x10 : 0), 0x40]);
  return Buffer.concat([
    word(0x184d2204), descriptor, Buffer.from([(h32Raw(descriptor) >>> 8) & 255]),
    word((block.length | (isRaw ? RAW : 0)) >>> 0), block, hasBlockSum ? word(h32Raw(block)) : Buffer.alloc(0),
    word(0), word(h32Raw(content)),
  ]);
}

const letters = Buffer.from('abcdefghijklmnopqrstuvwxyz');
// 15 + 11 literals and a match of 4 at 26, then the last 10 literals.
const block = Buffer.concat([Buffer.from([0xf0, 11]), letters, Buffer.from([26, 0, 0xa0]), Buffer.from('0123456789')]);
const content = Buffer.from(`${letters}abcd0123456789`);
for (const [name, data, isRaw, whole] of [['raw', letters, true, letters], ['compressed', block, false, content]]) {
  for (const hasBlockSum of [false, true]) {
    const bytes = frame(data, isRaw, whole, hasBlockSum);
    const isRight = (read) => Buffer.from(read(bytes)).equals(whole);
    console.log(`${name}, ${hasBlockSum ? 'with' : 'without'} block checksum: lz4js ${isRight(lz4js.decompress)},`,
      `lz4-napi ${isRight(decompressFrameSync)}, wasm-lz4 ${isRight((frame) => foxglove(frame, whole.length))}`);
  }
}
const read = Buffer.from(lz4js.decompress(frame(letters, true, letters, true)));
console.log('raw by lz4js:', read.subarray(0, 22).toString(), 'and', read.length - 22, 'more bytes');
JS
node seen.mjs | tee seen.txt
diff seen.txt - <<'SEEN'
raw, without block checksum: lz4js true, lz4-napi true, wasm-lz4 true
raw, with block checksum: lz4js false, lz4-napi true, wasm-lz4 true
compressed, without block checksum: lz4js true, lz4-napi true, wasm-lz4 true
compressed, with block checksum: lz4js false, lz4-napi true, wasm-lz4 true
raw by lz4js: efghijklmnopqrstuvwxyz and 4 more bytes
SEEN
