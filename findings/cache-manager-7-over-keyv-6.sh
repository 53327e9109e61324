#!/usr/bin/env bash
# cache-manager 7.2.9 over keyv 6.1.0, Node 20.20, seen 2026-11-28: `wrap` computes every time.
#
# cache-manager 7 wants stores of Keyv 5. Given one of Keyv 6 it runs without an error or a warning:
# values are stored, but `wrap` never finds one, so each call computes, and `ttl()` is undefined.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent cache-manager@7.2.9 keyv@5.6.0 keyv-6@npm:keyv@6.1.0
cat >seen.mjs <<'JS'
import { createCache } from 'cache-manager';
import Keyv5 from 'keyv';
import Keyv6 from 'keyv-6';

for (const [version, Keyv] of [['5.6.0', Keyv5], ['6.1.0', Keyv6]]) {
  let computed = 0;
  const cache = createCache({ stores: [new Keyv()] });
  for (let call = 0; call < 3; call++) await cache.wrap('key', async () => `value ${++computed}`, 60_000);
  console.log(`keyv ${version}: 3 calls, computed ${computed}, ttl is ${typeof (await cache.ttl('key'))}`);
}
JS
node seen.mjs | tee seen.txt
diff seen.txt - <<'SEEN'
keyv 5.6.0: 3 calls, computed 1, ttl is number
keyv 6.1.0: 3 calls, computed 3, ttl is undefined
SEEN
