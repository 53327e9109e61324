#!/usr/bin/env bash
# nitropack 2.13.6 (that of Nuxt 4.5.2), Node 20.20, seen 2026-11-30: beside the server it copies another
# file of a package than Node loads, and the server does not start.
#
# A dependency that stays outside the bundle is copied to .output/server/node_modules, only the files that are
# needed. Which file an import of the package's root means is asked of Rollup's resolver, which has
# the condition `module`; Node has not. Where `exports` names `module` first, as for bundlers, the build
# succeeds and Node looks for a file that was not copied. Imports of a subpath are resolved as by Node.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent nitropack@2.13.6 2>/dev/null
mkdir -p node_modules/dual plugins
cat >node_modules/dual/package.json <<'JSON'
{
  "name": "dual", "version": "1.0.0", "type": "module",
  "exports": {
    ".": { "module": "./for-bundlers.js", "node": "./for-node.js" },
    "./sub": { "module": "./for-bundlers.js", "node": "./sub-for-node.js" }
  }
}
JSON
for name in for-bundlers for-node sub-for-node; do
  echo "export const file = '$name';" >node_modules/dual/$name.js
done
seen() {
  echo "import { file } from '$1'; export default () => console.log('loaded', file);" >plugins/dual.mjs
  npx nitropack build >/dev/null 2>&1
  echo "$1: copied $(ls .output/server/node_modules/dual | grep 'js$')"
  PORT=0 timeout 10 node .output/server/index.mjs 2>&1 | grep -om1 'ERR_MODULE_NOT_FOUND\|loaded.*' || true
}
{ seen dual; seen dual/sub; } | tee seen.txt
diff seen.txt - <<'SEEN'
dual: copied for-bundlers.js
ERR_MODULE_NOT_FOUND
dual/sub: copied sub-for-node.js
loaded sub-for-node
SEEN
