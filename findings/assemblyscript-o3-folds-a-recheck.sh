#!/usr/bin/env bash
# AssemblyScript 0.28.20 on Node 20.20, seen 2026-11-28: -O3 makes a recheck true, -O3s keeps it.
#
# A word of shared memory that is loaded, and loaded again to see whether it has changed: with plain
# loads, -O2 and -O3 (binaryen's local optimisations) fold the comparison to the constant true, even
# in a module whose memory is imported and shared; -O1 and -O3s happen to leave both loads. Atomic
# loads stay at every level. A recheck that must survive has to be atomic, whatever level is
# in use today.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent assemblyscript@0.28.20
cat >recheck.ts <<'TS'
export function plain(at: usize): bool {
  const seen = load<u32>(at);
  return load<u32>(at) == seen;
}
export function atomically(at: usize): bool {
  const seen = atomic.load<u32>(at);
  return atomic.load<u32>(at) == seen;
}
TS
for level in -O1 -O2 -O3 -O3s; do
  npx asc recheck.ts "$level" -t out.wat --runtime stub --enable threads \
    --importMemory --sharedMemory --initialMemory 1 --maximumMemory 1
  echo "$level: $(grep -c ' i32\.load' out.wat) plain loads, $(grep -c 'i32\.atomic\.load' out.wat) atomic loads"
done | tee seen.txt
diff seen.txt - <<'SEEN'
-O1: 2 plain loads, 2 atomic loads
-O2: 1 plain loads, 2 atomic loads
-O3: 1 plain loads, 2 atomic loads
-O3s: 2 plain loads, 2 atomic loads
SEEN
