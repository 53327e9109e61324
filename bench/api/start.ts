/**
 * Rows of suite `api` on beginning, each in a process of its own, as the package is built.
 *
 *   import   ms to import the package
 *   create   ms of the process's first `new SharedCache`
 *   attach   ms of the first `SharedCache.attach` in a worker, which has imported the package
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Result, rowOf, type SuiteOptions } from '../suite.ts';

const ROUNDS = 15;
const program = fileURLToPath(new URL('./beginner.mjs', import.meta.url));

export function startRows({ isTiny, rows }: SuiteOptions): Result[] {
  const names = ['import', 'create', 'attach'].filter((name) => rows?.test(name) ?? true);
  if (names.length === 0) return [];
  const once = () => JSON.parse(execFileSync(process.execPath, [program], { encoding: 'utf8' }));
  // The first one reads the files from the disk.
  once();
  const figures = Array.from({ length: isTiny ? 1 : ROUNDS }, once);
  return names.map((name) =>
    rowOf(
      name,
      'ms',
      figures.map((one) => one[name]),
    ),
  );
}
