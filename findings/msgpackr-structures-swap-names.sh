#!/usr/bin/env bash
# msgpackr 2.1.4 on Node 20.20, seen 2026-11-28: two Packrs swap each other's field names.
#
# A Packr with `structures` numbers the shapes of the objects that it packs. Bytes of one Packr, read by
# another that has numbered shapes of its own, decode without an error into the other's field
# names. For bytes that another thread or process reads: a plain `new Packr()`.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent msgpackr@2.1.4
cat >seen.mjs <<'JS'
import { Packr } from 'msgpackr';

for (const options of [{ structures: [] }, {}]) {
  const fresh = () => new Packr(options.structures ? { structures: [] } : {});
  const people = fresh();
  const places = fresh();
  const person = people.pack({ name: 'Ada', age: 36 });
  places.pack({ city: 'London', area: 7 });
  console.log(JSON.stringify(options), 'a person, read by places:', JSON.stringify(places.unpack(person)));
}
JS
node seen.mjs | tee seen.txt
diff seen.txt - <<'SEEN'
{"structures":[]} a person, read by places: {"city":"Ada","area":36}
{} a person, read by places: {"name":"Ada","age":36}
SEEN
