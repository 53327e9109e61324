#!/usr/bin/env bash
# keyv 5.6.0 and 6.1.0 on Node 20.20, seen 2026-11-28: what a store returns as bytes is a miss.
#
# A store in the modern form (`capabilities`, getMany, …) is handed strings to keep. If `get` gives the
# same text back as a Buffer or Uint8Array (as a store off the heap does), `keyv.get` answers
# undefined: no error is thrown, none is emitted, in either version.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent keyv@6.1.0 keyv-5@npm:keyv@5.6.0
cat >seen.mjs <<'JS'
import Keyv from 'keyv';
import Keyv5 from 'keyv-5';

function storeThatReturns(form) {
  const kept = new Map();
  const give = (key) => (kept.has(key) ? form(kept.get(key)) : undefined);
  return {
    capabilities: { expires: true },
    opts: { url: '' },
    on() { return this; },
    async get(key) { return give(key); },
    async getMany(keys) { return keys.map(give); },
    async set(key, value) { kept.set(key, value); return true; },
    async setMany(entries) { return entries.map(({ key, value }) => kept.set(key, value) && true); },
    async delete(key) { return kept.delete(key); },
    async deleteMany(keys) { return keys.map((key) => kept.delete(key)); },
    async has(key) { return kept.has(key); },
    async hasMany(keys) { return keys.map((key) => kept.has(key)); },
    async clear() { kept.clear(); },
    async *iterator() { yield* kept; },
  };
}

const forms = {
  string: (text) => text,
  Buffer: (text) => Buffer.from(text),
  Uint8Array: (text) => new TextEncoder().encode(text),
};
for (const [version, Class] of [['5.6.0', Keyv5], ['6.1.0', Keyv]]) {
  for (const [name, form] of Object.entries(forms)) {
    let errors = 0;
    const keyv = new Class({ store: storeThatReturns(form) });
    keyv.on('error', () => errors++);
    await keyv.set('key', { n: 1 });
    const value = await keyv.get('key').catch((error) => error.constructor.name);
    console.log(version, name, JSON.stringify(value), `${errors} errors`);
  }
}
JS
node seen.mjs | tee seen.txt
diff seen.txt - <<'SEEN'
5.6.0 string {"n":1} 0 errors
5.6.0 Buffer undefined 0 errors
5.6.0 Uint8Array undefined 0 errors
6.1.0 string {"n":1} 0 errors
6.1.0 Buffer undefined 0 errors
6.1.0 Uint8Array undefined 0 errors
SEEN
