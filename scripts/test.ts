/**
 * Runs every test: a process for each file of the sources, which mostly wait for threads, other
 * processes and browsers, and one or two for a suite that computes, all in one row.
 *
 * All are run on the pinned Node, but for the built package: that is run on the Node that called
 * npm, so that what ships is also proven on the oldest Node it promises to run on.
 *
 * What Node compiles of a source is kept for the next process, which would begin with half a second
 * of that. Where many files need nothing of their process but a kernel, or all need browsers, one
 * process, or two, run them all: each would take longer to begin than to run.
 *
 * A process that is good is told in a line, with what it skipped; of one that is not, all it said.
 * The last lines are Node's own for a run, over all processes.
 */
import { globSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { type Options, type Outcome, runProcess } from './test-process.ts';

/**
 * Of a small machine three for each processor: two of them compute, behind the others, and those
 * wait more than half of their time.
 */
const AT_ONCE = 6;

/**
 * The longest of them, from the longest to those of fifteen seconds: they begin first, or they
 * would be waited for when all others are over.
 */
const LONG = [
  'test/bench.test.ts',
  'test/histories/histories.test.ts',
  'test/packaging/documents.test.ts',
  'test/model/mutants.test.ts',
  'test/threads/creator.test.ts',
  'test/fuzz/damage.test.ts',
  'test/packaging/compilers.test.ts',
  'test/tier/killed-flush.test.ts',
  ...['stack', 'unwound'].map((name) => `test/threads/${name}.test.ts`),
  ...['lmdb-threads', 'two-processes'].map((name) => `test/tier/${name}.test.ts`),
  'test/border/hostile.test.ts',
  'test/stress/cache.stress.test.ts',
  'src/cache/full-join.test.ts',
];

/** Preloaded. */
const withAssertions = pathToFileURL('test/support/with-assertions.ts').href;

interface Suite {
  title: string;
  files: string[];
  node?: string;
  /** Which build of the kernel its own tests run; that without assertions if absent. */
  layout?: string;
  /** Whether the kernel of the library is that with assertions. */
  isAsserted?: boolean;
  /** How many processes share the files; if absent each file has its own. */
  processes?: number;
  /** Whether they compute all the time, and so have what the others leave. */
  isBehind?: boolean;
}

function filesOf(patterns: string[], except: string[] = []): string[] {
  const exclude = (path: string) => path.includes('node_modules');
  const all = patterns.flatMap((pattern) => globSync(pattern, { exclude })).sort();
  const files = all.filter((file) => !except.includes(file));
  if (files.length === 0) throw new Error(`No test file matches ${patterns.join(' ')}`);
  return files;
}

/** The files of each process. Dealt in turn: neighbours by name are about as long. */
function sharesOf({ files, processes = files.length }: Suite): string[][] {
  const shareOf = (share: number) => files.filter((_, index) => index % processes === share);
  return Array.from({ length: processes }, (_, share) => shareOf(share));
}

const isBad = ({ failures }: Outcome): boolean => failures.length > 0;

/** A process that is not believed has at least one failure, whatever its tests came to. */
function totals(outcomes: Outcome[]): Record<'tests' | 'passed' | 'failed' | 'skipped', number> {
  const sum = (count: (one: Outcome) => number) =>
    outcomes.reduce((total, one) => total + count(one), 0);
  return {
    tests: sum(({ tests }) => tests),
    passed: sum(({ passed }) => passed),
    failed: sum((one) => Math.max(one.tests - one.passed - one.skipped.length, isBad(one) ? 1 : 0)),
    skipped: sum(({ skipped }) => skipped.length),
  };
}

function tell(name: string, { tests, skipped, failures, output, ms }: Outcome): void {
  if (failures.length > 0) console.log(output);
  const mark = failures.length > 0 ? '✖' : '✔';
  const told = failures.length > 0 ? failures.join(', ') : `${tests} tests`;
  console.log(`${mark} ${name}: ${told} (${(ms / 1000).toFixed(1)} s)`);
  for (const skip of skipped) console.log(`  ﹣ skipped: ${skip}`);
}

function runFiles(files: string[], suite: Suite): Promise<Outcome> {
  const { node, layout, isAsserted, isBehind = false } = suite;
  const env = {
    ...(layout === undefined ? {} : { PAGELESS_LAYOUT: layout }),
    ...(isAsserted ? { NODE_OPTIONS: `--import=${withAssertions}` } : {}),
  };
  const options: Options = { env, isBehind, ...(node === undefined ? {} : { node }) };
  return runProcess(files, options);
}

function tellSuite({ title, files }: Suite, outcomes: Outcome[]): void {
  const { tests, skipped } = totals(outcomes);
  const failed = outcomes.filter(isBad).length;
  const counts = `${files.length} files, ${tests} tests, ${skipped} skipped`;
  console.log(`${title}: ${counts}, ${failed} of ${outcomes.length} processes failed`);
}

/** Runs suites in their order, and tells of each process, and of each suite, when it is over. */
async function run(suites: Suite[]): Promise<Outcome[]> {
  const rows = suites.map((suite) => {
    const waiting = sharesOf(suite);
    return { suite, waiting, left: waiting.length, outcomes: [] as Outcome[] };
  });
  const runWaiting = async (): Promise<void> => {
    for (const row of rows) {
      const { suite, waiting, outcomes } = row;
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const outcome = await runFiles(next, suite);
        outcomes.push(outcome);
        tell(next.length === 1 ? next[0]! : suite.title, outcome);
        if (--row.left === 0) tellSuite(suite, outcomes);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, runWaiting));
  return rows.flatMap(({ outcomes }) => outcomes);
}

async function everything(): Promise<Outcome[]> {
  // Each of the others starts threads or processes.
  const searches = filesOf(
    ['test/model/*.test.ts', 'test/model/{engine,scenarios}/**/*.test.ts'],
    ['test/model/mutants.test.ts', 'test/model/lockstep.test.ts'],
  );
  // Two of them begin once, instead of with each file.
  const browsers = filesOf(['test/browser/*.test.ts']);
  const others = filesOf(
    ['src/**/*.test.ts', 'test/!(package)/**/*.test.ts', 'test/*.test.ts'],
    [...searches, ...browsers, ...LONG],
  );
  const kernel = filesOf(['kernel/**/*.test.ts']);
  // It fills what it frees, so what works its way to the last page of a zone would take a minute.
  const quick = filesOf(['kernel/**/!(last-page).test.ts']);
  // Between them they make every call that a cache makes of its kernel.
  const calls = filesOf([
    'src/cache/{api-model,loads/model,values/{tags,times},tiered/tags}.test.ts',
  ]);
  const caller = process.env.npm_node_execpath ?? process.execPath;
  const built = filesOf(['build/package/**/*.test.js']);
  const { version } = process;
  return run([
    { title: 'Searches of the model', files: searches, processes: 2, isBehind: true },
    { title: 'Browsers', files: browsers, processes: 1 },
    { title: `The longest on Node ${version}`, files: LONG },
    { title: 'Kernel', files: kernel, processes: 1 },
    { title: 'Kernel in the two-word layout', files: kernel, layout: 'two-word', processes: 1 },
    { title: 'Kernel with assertions', files: quick, layout: 'debug', processes: 1 },
    { title: 'Cache with assertions', files: calls, isAsserted: true, processes: 1 },
    { title: `Sources on Node ${version}`, files: others },
    { title: `Built package on ${caller}`, files: built, node: caller },
  ]);
}

const only = process.argv.slice(2);
const outcomes =
  only.length > 0 ? await run([{ title: 'These', files: filesOf(only) }]) : await everything();
const { tests, passed, failed, skipped } = totals(outcomes);
console.log(`ℹ tests ${tests}\nℹ pass ${passed}\nℹ fail ${failed}\nℹ skipped ${skipped}`);
console.log(`ℹ duration_ms ${performance.now()}`);
process.exitCode = outcomes.some(isBad) ? 1 : 0;
