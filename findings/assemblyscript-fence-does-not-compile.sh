#!/usr/bin/env bash
# AssemblyScript 0.28.19 and 0.28.20, Node 20.20, seen 2026-11-28: a fence no longer compiles.
#
# `atomic.fence()` compiles with 0.28.19. The binaryen of 0.28.20 refuses the instruction that the
# compiler emits ("Atomic fence cannot be unordered"), at every optimisation level.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent assemblyscript@0.28.20 asc-19@npm:assemblyscript@0.28.19
echo 'export function fence(): void { atomic.fence(); }' >fence.ts
for package in asc-19 assemblyscript; do
  flags=(--runtime stub --enable threads --importMemory --sharedMemory --initialMemory 1 --maximumMemory 1)
  if node "node_modules/$package/bin/asc.js" fence.ts -o out.wasm "${flags[@]}" >said.txt 2>&1; then
    echo "$package: compiles"
  else
    echo "$package: $(grep -o 'Atomic fence cannot be unordered' said.txt | head -n 1)"
  fi
done | tee seen.txt
diff seen.txt - <<'SEEN'
asc-19: compiles
assemblyscript: Atomic fence cannot be unordered
SEEN
