#!/usr/bin/env bash
# keyv 5.6.0 and 6.1.0 on Node 20.20, seen 2026-11-30: what becomes of the error of a store.
#
# With Keyv 5 a `get` whose store fails is a miss, and no `error` event tells of it; `has` and `getMany`
# reject, with no event either; `set` and `delete` answer false, with the event. So an outage looks like a
# cold cache to who listens. With Keyv 6 all answer as if there were nothing and send the event; where nobody
# listens to it they reject, those that Keyv 5 answered too.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent keyv5@npm:keyv@5.6.0 keyv6@npm:keyv@6.1.0
cat >seen.mjs <<'JS'
const fails = async () => { throw new Error('down'); };
const store = () => ({
  opts: {}, get: fails, getMany: fails, has: fails, set: fails, delete: fails, clear: fails,
});
const calls = {
  get: (keyv) => keyv.get('k'),
  getMany: (keyv) => keyv.getMany(['k']),
  has: (keyv) => keyv.has('k'),
  set: (keyv) => keyv.set('k', 1),
  delete: (keyv) => keyv.delete('k'),
};
for (const name of ['keyv5', 'keyv6']) {
  const { Keyv } = await import(name);
  for (const isHeard of [true, false]) {
    const lines = [];
    for (const [call, make] of Object.entries(calls)) {
      const keyv = new Keyv({ store: store() });
      let events = 0;
      if (isHeard) keyv.on('error', () => events++);
      const answer = await make(keyv).then((value) => JSON.stringify(value), () => 'rejects');
      lines.push(`${call} ${answer}${isHeard ? ` +${events}` : ''}`);
    }
    console.log(`${name}, ${isHeard ? 'and events' : 'no listener'}: ${lines.join(', ')}`);
  }
}
JS
node seen.mjs | tee seen.txt
diff seen.txt - <<'SEEN'
keyv5, and events: get undefined +0, getMany rejects +0, has rejects +0, set false +1, delete false +1
keyv5, no listener: get undefined, getMany rejects, has rejects, set false, delete false
keyv6, and events: get undefined +1, getMany [null] +1, has false +1, set false +1, delete false +1
keyv6, no listener: get rejects, getMany rejects, has rejects, set rejects, delete rejects
SEEN
