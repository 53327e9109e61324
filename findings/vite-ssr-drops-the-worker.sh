#!/usr/bin/env bash
# vite 8.4.0 on Node 20.20, seen 2026-11-28: an SSR build names a worker file that it does not write.
#
# For browsers Vite follows `new Worker(new URL('./task.js', import.meta.url))`, bundles the worker and
# rewrites the address. `vite build --ssr` leaves the expression as it is and emits no file: the
# build succeeds, and the server fails when it starts its first worker.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent vite@8.4.0
cat >main.js <<'JS'
import { Worker } from 'node:worker_threads';
export const start = () => new Worker(new URL('./task.js', import.meta.url));
JS
echo "console.log('the task runs');" >task.js
npx vite build --ssr main.js --outDir out --logLevel error
cat >run.mjs <<'JS'
import { start } from './out/main.mjs';
start().on('error', (error) => console.log('worker:', error.code));
JS
{ echo "files: $(ls out)"; node run.mjs; } | tee seen.txt
diff seen.txt - <<'SEEN'
files: main.mjs
worker: MODULE_NOT_FOUND
SEEN
