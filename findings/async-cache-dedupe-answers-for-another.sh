#!/usr/bin/env bash
# async-cache-dedupe 3.4.0 and cacheable 2.5.0, Node 20.20, seen 2026-11-30: a function that is cached
# answers for another argument.
#
# The argument is made a text, and that is the key. async-cache-dedupe takes a text as it is and JSON of
# anything else: 1 and '1' are one key, and so are an object and its JSON, which a caller may send as
# a text. What JSON has no word for is {}: all Maps, Sets and ArrayBuffers, whatever is in them. `wrap`
# of cacheable hashes JSON: 1 and '1' differ there, but all Maps are one as well. What came first is
# computed, and the others get its answer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent async-cache-dedupe@3.4.0 cacheable@2.5.0
cat >seen.mjs <<'JS'
import { createCache } from 'async-cache-dedupe';
import { Cacheable } from 'cacheable';

let computed = 0;
const compute = async () => ++computed;
const functions = {
  'async-cache-dedupe': createCache({ ttl: 60 }).define('compute', compute).compute,
  'cacheable': new Cacheable({ ttl: '1m' }).wrap(compute, { keyPrefix: 'compute', ttl: '1m' }),
};
const pairs = {
  'the number 1, the text 1': [1, '1'],
  'an object, its JSON': [{ id: 7 }, '{"id":7}'],
  'two Maps': [new Map([['user', 1]]), new Map([['user', 2]])],
  'two Sets': [new Set([1]), new Set([2])],
  'two ArrayBuffers': [Uint8Array.of(1).buffer, Uint8Array.of(2).buffer],
  'two Uint8Arrays': [Uint8Array.of(1), Uint8Array.of(2)],
};
for (const [name, cached] of Object.entries(functions)) {
  for (const [what, [one, other]] of Object.entries(pairs)) {
    const isShared = (await cached(one)) === (await cached(other));
    console.log(`${name}: ${what}: ${isShared ? 'one answer' : 'two answers'}`);
  }
}
process.exit();
JS
node seen.mjs | tee seen.txt
diff seen.txt - <<'SEEN'
async-cache-dedupe: the number 1, the text 1: one answer
async-cache-dedupe: an object, its JSON: one answer
async-cache-dedupe: two Maps: one answer
async-cache-dedupe: two Sets: one answer
async-cache-dedupe: two ArrayBuffers: one answer
async-cache-dedupe: two Uint8Arrays: two answers
cacheable: the number 1, the text 1: two answers
cacheable: an object, its JSON: two answers
cacheable: two Maps: one answer
cacheable: two Sets: one answer
cacheable: two ArrayBuffers: one answer
cacheable: two Uint8Arrays: two answers
SEEN
