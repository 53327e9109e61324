#!/usr/bin/env bash
# memoize 10.2.0 and p-memoize 8.0.0 on Node 20.20, seen 2026-11-30: over a `cache` that is no Map
# they never hit, or answer with something else.
#
# memoize stores { data, maxAge }, and by default maxAge is Infinity, which JSON turns into null: over
# a store that serialises (a file, a cache off the heap) nothing is ever a hit, and nothing says so.
# With a finite maxAge an async function does hit: with {}, which JSON makes of its promise. p-memoize
# asks `has`, then in another turn `get`: if the entry goes between, its caller gets undefined.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent memoize@10.2.0 p-memoize@8.0.0
cat >seen.mjs <<'JS'
import memoize from 'memoize';
import pMemoize from 'p-memoize';

class JsonCache extends Map {
  get(key) { return this.has(key) ? JSON.parse(super.get(key)) : undefined; }
  set(key, value) { return super.set(key, JSON.stringify(value)); }
}

let calls = 0;
const twice = (x) => { calls++; return x * 2; };
for (const [name, options] of Object.entries({ 'by default': {}, 'maxAge 60000': { maxAge: 60_000 } })) {
  calls = 0;
  const memoized = memoize(twice, { cache: new JsonCache(), ...options });
  console.log(`memoize, ${name}:`, memoized(2), memoized(2), 'calls', calls);
}
const later = memoize(async (x) => x * 2, { cache: new JsonCache(), maxAge: 60_000 });
console.log('memoize of an async function:', await later(2), await later(2));

// Expires, or is evicted by another thread, in the turn between.
class PassingCache extends Map {
  has(key) {
    const isThere = super.has(key);
    queueMicrotask(() => this.delete(key));
    return isThere;
  }
}
const passing = pMemoize(async (x) => x * 2, { cache: new PassingCache([[2, 4]]) });
console.log('p-memoize, gone after has:', await passing(2), 'and then', await passing(2));
JS
node seen.mjs | tee seen.txt
diff seen.txt - <<'SEEN'
memoize, by default: 4 4 calls 2
memoize, maxAge 60000: 4 4 calls 1
memoize of an async function: 4 {}
p-memoize, gone after has: undefined and then 4
SEEN
