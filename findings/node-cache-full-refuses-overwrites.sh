#!/usr/bin/env bash
# node-cache 5.1.2 on Node 20.20, seen 2026-11-30: a full cache refuses to overwrite.
#
# With `maxKeys`, `set` of a key that is there throws ECACHEFULL as that of a new one does, and leaves
# the old value, so that a cache at its limit answers with old values until something is deleted. Keys
# whose time is over, which `has` and `get` say are not there, count until a check comes by: with
# `checkperiod: 0` until somebody asks for that very key. And `mset` throws unless a place more is
# left than it needs: it fills no cache to its limit.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent node-cache@5.1.2
cat >seen.mjs <<'JS'
import { setTimeout } from 'node:timers/promises';
import NodeCache from 'node-cache';

function attempt(what, call) {
  try {
    console.log(what, '->', call());
  } catch ({ name, message }) {
    console.log(what, '-> throws', name, message);
  }
}

const pair = [{ key: 'a', val: 1 }, { key: 'b', val: 2 }];
attempt('mset two into an empty cache for two', () => new NodeCache({ maxKeys: 2 }).mset(pair));

const full = new NodeCache({ maxKeys: 2 });
full.set('a', 1);
full.set('b', 2);
attempt('set a, which is there', () => full.set('a', 'new'));
console.log('a is', full.get('a'));

const over = new NodeCache({ maxKeys: 1, checkperiod: 0 });
over.set('old', 1, 0.01);
await setTimeout(50);
attempt('set another, the only key being over', () => over.set('another', 1));
console.log('keys', over.keys(), 'has old', over.has('old'));
attempt('the same after has', () => over.set('another', 1));
JS
node seen.mjs | tee seen.txt
diff seen.txt - <<'SEEN'
mset two into an empty cache for two -> throws ECACHEFULL Cache max keys amount exceeded
set a, which is there -> throws ECACHEFULL Cache max keys amount exceeded
a is 1
set another, the only key being over -> throws ECACHEFULL Cache max keys amount exceeded
keys [ 'old' ] has old false
the same after has -> true
SEEN
