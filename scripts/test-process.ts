/**
 * Runs test files in one process of Node, and believes it only if its report is whole.
 *
 * A status of 0 proves nothing: a process that is ended by `exit(0)` in the midst of a test has it,
 * and so has one that is made to exit before its reports are written. So it also writes them to a
 * file, as TAP, which ends with a plan and counts once every test is over. A run is good if
 *
 *   status = 0,  plan = results at top level > 0,  tests = passed + skipped,
 *
 * and if it came in time: a process that does not end by itself is killed, and fails.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, getPriority, setPriority, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Bounds each test. */
const TEST_MS = 300_000;

/** Bounds a process: the longest takes a fifth of it where two processors are shared by many. */
const PROCESS_MS = 1_200_000;

/** How far a process that computes all the time stands behind those that mostly wait. */
const BEHIND = 5;

/** What a process of tests came to. */
export interface Outcome {
  tests: number;
  passed: number;
  /** Name and reason of each test that was skipped. */
  skipped: string[];
  /** Why it is not believed; none if all is well. */
  failures: string[];
  /** What it printed. */
  output: string;
  ms: number;
}

export interface Options {
  /** The Node that runs them; this one if absent. */
  node?: string;
  env?: Record<string, string>;
  processMs?: number;
  /** Whether it has the processors that others leave. */
  isBehind?: boolean;
}

interface Report {
  tests: number;
  passed: number;
  skipped: string[];
  failure?: string;
}

/** What a report in TAP says; without a plan it was cut off. */
function readReport(tap: string): Report {
  const count = (name: string) => Number(tap.match(new RegExp(`^# ${name} (\\d+)$`, 'm'))?.[1]);
  const results = tap.match(/^(not )?ok \d+/gm)?.length ?? 0;
  const good = tap.match(/^ok \d+/gm)?.length ?? 0;
  const plan = tap.match(/^1\.\.(\d+)$/m)?.[1];
  const skips = tap.matchAll(/^ *ok \d+ - (.*) # SKIP *(.*)$/gm);
  const skipped = [...skips].map(
    ([, name, reason]) => `${name}: ${reason || 'no reason is given'}`,
  );
  if (plan === undefined) {
    const failure = `its report is cut off after ${results} tests`;
    return { tests: results, passed: good - skipped.length, skipped, failure };
  }
  const told = { tests: count('tests'), passed: count('pass'), skipped };
  if (results === 0) return { ...told, failure: 'it has no tests' };
  if (results !== Number(plan)) return { ...told, failure: `${results} of ${plan} are reported` };
  const bad = told.tests - told.passed - count('skipped');
  return bad === 0 ? told : { ...told, failure: `${bad} of ${told.tests} tests did not pass` };
}

/** Waits until a process and all that write to its output are gone. @returns what was wrong */
async function endOf(child: ChildProcess, withinMs: number): Promise<string | undefined> {
  let late: string | undefined;
  const timer = setTimeout(() => {
    late = `it did not end within ${withinMs / 1000} s`;
    child.kill('SIGKILL');
    // What it has started may hold them open for ever.
    child.stdout?.destroy();
    child.stderr?.destroy();
  }, withinMs);
  const [status, signal] = await once(child, 'close');
  clearTimeout(timer);
  if (late !== undefined) return late;
  return status === 0 ? undefined : `it ended with ${signal ?? `status ${status}`}`;
}

function start(files: string[], report: string, options: Options): ChildProcess {
  const { node = process.execPath, env } = options;
  const flags = [
    `--test-timeout=${TEST_MS}`,
    ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
    ...['--test-reporter=tap', `--test-reporter-destination=${report}`],
  ];
  if (files.length > 1) flags.push('--test', '--test-isolation=none');
  return spawn(node, [...flags, ...files], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      NODE_COMPILE_CACHE: resolve('build/compile-cache'),
      ...process.env,
      ...env,
      // Set in a test of this file: its process would report to that test's parent.
      NODE_TEST_CONTEXT: undefined,
    },
  });
}

/** Runs `files`: one is the program of its process, several share one. */
export async function runProcess(files: string[], options: Options = {}): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'pageless-test-'));
  const report = join(folder, 'report.tap');
  const started = performance.now();
  const child = start(files, report, options);
  if (options.isBehind && child.pid !== undefined) {
    setPriority(child.pid, Math.min(getPriority() + BEHIND, constants.priority.PRIORITY_LOW));
  }
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = await endOf(child, options.processMs ?? PROCESS_MS);
  const ms = performance.now() - started;
  const told = readReport(existsSync(report) ? readFileSync(report, 'utf8') : '');
  rmSync(folder, { recursive: true });
  const failures = [ended, told.failure].filter((failure) => failure !== undefined);
  return { ...told, failures, output: Buffer.concat(chunks).toString(), ms };
}
