/**
 * Runs every test: the sources on the pinned Node, the kernel's once more in its other layout and
 * in the build that asserts contexts, then the built package on the Node that called npm, so that
 * what ships is also proven on the oldest Node it promises to run on.
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';

/** Lets no test file hang for ever. */
const TIMEOUT_MS = 300_000;

function run(node: string, title: string, patterns: string[], env: object = {}): void {
  const exclude = (path: string) => path.includes('node_modules');
  const files = patterns.flatMap((pattern) => globSync(pattern, { exclude })).sort();
  if (files.length === 0) throw new Error(`No test file matches ${patterns.join(' ')}`);
  console.log(`${title}: ${files.length} files`);
  const flags = [
    '--test',
    '--test-force-exit',
    `--test-timeout=${TIMEOUT_MS}`,
    '--test-concurrency=2',
  ];
  const { status } = spawnSync(node, [...flags, ...files], {
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  if (status !== 0) process.exit(status ?? 1);
}

const only = process.argv.slice(2);
run(
  process.execPath,
  `Sources on Node ${process.version}`,
  only.length > 0
    ? only
    : ['kernel/**/*.test.ts', 'src/**/*.test.ts', 'test/!(package)/**/*.test.ts', 'test/*.test.ts'],
);
if (only.length === 0) {
  run(process.execPath, 'Kernel in the two-word layout', ['kernel/**/*.test.ts'], {
    PAGELESS_LAYOUT: 'two-word',
  });
  // It fills what it frees, so what works its way to the last page of a zone would take a minute.
  run(process.execPath, 'Kernel with assertions', ['kernel/**/!(last-page).test.ts'], {
    PAGELESS_LAYOUT: 'debug',
  });
  const caller = process.env.npm_node_execpath ?? process.execPath;
  run(caller, `Built package on ${caller}`, ['build/package/**/*.test.js']);
}
