#!/usr/bin/env bash
# keyv 6.1.0 on Node 20.20, seen 2026-11-28: two namespaces on one adapter are one, the last.
#
# A Keyv 6 tells its namespace to the store by setting one property of it. Two instances that share an
# adapter therefore share the namespace of the one that was made last: each reads and overwrites the
# other's values under the same key, and `clear()` of one empties both. The instances themselves go
# on reporting two namespaces. An adapter has to hand out one object a Keyv.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent keyv@6.1.0
cat >seen.mjs <<'JS'
import Keyv from 'keyv';

const kept = new Map();
const adapter = {
  namespace: undefined,
  capabilities: { expires: true },
  opts: { url: '' },
  on() { return this; },
  keyOf(key) { return `${this.namespace}/${key}`; },
  async get(key) { return kept.get(this.keyOf(key)); },
  async getMany(keys) { return keys.map((key) => kept.get(this.keyOf(key))); },
  async set(key, value) { kept.set(this.keyOf(key), value); return true; },
  async setMany(entries) { return entries.map(({ key, value }) => { kept.set(this.keyOf(key), value); return true; }); },
  async delete(key) { return kept.delete(this.keyOf(key)); },
  async deleteMany(keys) { return keys.map((key) => kept.delete(this.keyOf(key))); },
  async has(key) { return kept.has(this.keyOf(key)); },
  async hasMany(keys) { return keys.map((key) => kept.has(this.keyOf(key))); },
  async clear() { for (const key of kept.keys()) if (key.startsWith(`${this.namespace}/`)) kept.delete(key); },
  async *iterator() { yield* kept; },
};

const users = new Keyv({ store: adapter, namespace: 'users' });
const orders = new Keyv({ store: adapter, namespace: 'orders' });
console.log('instances', users.namespace, orders.namespace, 'adapter', adapter.namespace);
await users.set('1', 'Ada');
await orders.set('1', 'a book');
console.log('kept', [...kept.keys()].join(' '));
console.log('users 1 =', await users.get('1'));
await users.clear();
console.log('orders 1 after users.clear() =', await orders.get('1'));
JS
node seen.mjs | tee seen.txt
diff seen.txt - <<'SEEN'
instances users orders adapter orders
kept orders/1
users 1 = a book
orders 1 after users.clear() = undefined
SEEN
