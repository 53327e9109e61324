/**
 * Runs every test, on two ways side by side: a process for each file of the sources, which mostly
 * wait for threads, other processes and browsers; and what computes, one suite after the other.
 *
 * All are run on the pinned Node, but for the built package: that is run on the Node that called
 * npm, so that what ships is also proven on the oldest Node it promises to run on.
 *
 * What Node compiles of a source is kept for the next process, which would begin with half a second
 * of that. Where many files need nothing of their process but a kernel, one process runs them all:
 * each of them would take longer to begin than to run.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { resolve } from 'node:path';

/** Lets no test file hang for ever. */
const TIMEOUT_MS = 300_000;

/** One more than the processors of a small machine: they wait half of their time. */
const FILES_AT_ONCE = 3;

interface Suite {
  title: string;
  files: string[];
  node?: string;
  /** Which build of the kernel its own tests run; that without assertions if absent. */
  layout?: string;
  /** One process for all files. */
  isShared?: boolean;
}

function filesOf(patterns: string[], except: string[] = []): string[] {
  const exclude = (path: string) => path.includes('node_modules');
  const all = patterns.flatMap((pattern) => globSync(pattern, { exclude })).sort();
  const files = all.filter((file) => !except.includes(file));
  if (files.length === 0) throw new Error(`No test file matches ${patterns.join(' ')}`);
  return files;
}

/** Runs a suite, and shows what it says as it comes or when it is over. @returns if all passed */
async function run(
  { title, files, node = process.execPath, layout, isShared }: Suite,
  isShown: boolean,
): Promise<boolean> {
  const flags = ['--test', `--test-timeout=${TIMEOUT_MS}`];
  // In one process an exit that is forced would come before the last files, and say nothing.
  if (isShared) flags.push('--test-isolation=none');
  else flags.push('--test-force-exit', `--test-concurrency=${FILES_AT_ONCE}`);
  const child = spawn(node, [...flags, ...files], {
    stdio: ['ignore', isShown ? 'inherit' : 'pipe', 'inherit'],
    env: {
      ...{ NODE_COMPILE_CACHE: resolve('build/compile-cache'), ...process.env },
      ...(layout === undefined ? {} : { PAGELESS_LAYOUT: layout }),
    },
  });
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  const heading = `${title}: ${files.length} files`;
  if (isShown) console.log(heading);
  const [status] = await once(child, 'close');
  if (!isShown) process.stdout.write(Buffer.concat([Buffer.from(`${heading}\n`), ...chunks]));
  return status === 0;
}

async function runInTurn(suites: Suite[]): Promise<boolean> {
  let isGood = true;
  for (const suite of suites) isGood = (await run(suite, false)) && isGood;
  return isGood;
}

function everything(): Promise<boolean[]> {
  // Each of the others starts threads or processes.
  const searches = filesOf(
    ['test/model/*.test.ts', 'test/model/{engine,scenarios}/**/*.test.ts'],
    ['test/model/mutants.test.ts', 'test/model/lockstep.test.ts'],
  );
  const sources = filesOf(
    ['src/**/*.test.ts', 'test/!(package)/**/*.test.ts', 'test/*.test.ts'],
    searches,
  );
  const kernel = filesOf(['kernel/**/*.test.ts']);
  // It fills what it frees, so what works its way to the last page of a zone would take a minute.
  const quick = filesOf(['kernel/**/!(last-page).test.ts']);
  const caller = process.env.npm_node_execpath ?? process.execPath;
  const built = filesOf(['build/package/**/*.test.js']);
  const { version } = process;
  return Promise.all([
    run({ title: `Sources on Node ${version}`, files: sources }, true),
    runInTurn([
      { title: 'Searches of the model', files: searches, isShared: true },
      { title: 'Kernel', files: kernel, isShared: true },
      { title: 'Kernel in the two-word layout', files: kernel, layout: 'two-word', isShared: true },
      { title: 'Kernel with assertions', files: quick, layout: 'debug', isShared: true },
      { title: `Built package on ${caller}`, files: built, node: caller },
    ]),
  ]);
}

const only = process.argv.slice(2);
const outcomes =
  only.length > 0
    ? [await run({ title: 'These', files: filesOf(only) }, true)]
    : await everything();
process.exitCode = outcomes.every(Boolean) ? 0 : 1;
