#!/usr/bin/env bash
# keyv 5.6.0 and 6.1.0 on Node 20.20, seen 2026-11-28: over a Map, a namespaced clear of 5 takes all.
#
# Keyv 5 writes its namespace into each key of a Map-like store (`users:1`), but `clear()` is the
# Map's own: the other namespaces are emptied with it. Keyv 6 leaves them alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent keyv@6.1.0 keyv-5@npm:keyv@5.6.0
cat >seen.mjs <<'JS'
import Keyv6 from 'keyv';
import Keyv5 from 'keyv-5';

for (const [version, Keyv] of [['5.6.0', Keyv5], ['6.1.0', Keyv6]]) {
  const store = new Map();
  const users = new Keyv({ store, namespace: 'users' });
  const orders = new Keyv({ store, namespace: 'orders' });
  await users.set('1', 'Ada');
  await orders.set('1', 'a book');
  await users.clear();
  console.log(version, 'orders 1 after users.clear() =', await orders.get('1'));
}
JS
node seen.mjs | tee seen.txt
diff seen.txt - <<'SEEN'
5.6.0 orders 1 after users.clear() = undefined
6.1.0 orders 1 after users.clear() = a book
SEEN
