/**
 * Helpers for the command line's tests: the command itself, in a process of its own, and folders to
 * run it on.
 */

import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PATIENCE_MS } from '../support/patience.ts';
import { tempFolder } from '../support/temp-folder.ts';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export interface Outcome {
  status: number;
  stdout: string;
  stderr: string;
}

/** Where the command runs, and what to pass to Node before it. */
export interface Surroundings {
  cwd?: string;
  nodeArgs?: string[];
}

/** Runs `pageless` with the arguments; a run that takes four minutes counts as hung. */
export function pageless(args: string[], around: Surroundings = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, NODE_COMPILE_CACHE: compileCache };
    const options = { cwd: around.cwd, env, timeout: PATIENCE_MS, maxBuffer: 2 ** 26 };
    const all = [...(around.nodeArgs ?? []), main, ...args];
    const child = execFile(process.execPath, all, options, (_, stdout, stderr) => {
      if (child.exitCode === null) reject(new Error(`${args.join(' ')} did not end: ${stderr}`));
      else resolve({ status: child.exitCode, stdout, stderr });
    });
  });
}

/** The report of a `--json` run. */
// biome-ignore lint/suspicious/noExplicitAny: what the report holds is what is under test
export function reportOf(outcome: Outcome): any {
  return JSON.parse(outcome.stdout);
}

export function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1)!;
}

/** Halves what a process costs: the sources are stripped of their types once, for all files. */
const compileCache = fileURLToPath(new URL('../../build/compile-cache', import.meta.url));

/** Writes files into a new folder. @returns the folder */
export function tempTree(files: Record<string, string | Uint8Array>): string {
  const folder = tempFolder();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** Files of compressible text, no two alike. */
export function textFiles(count: number, bytes: number): Record<string, string> {
  const names = Array.from({ length: count }, (_, index) => `part-${index % 7}/file-${index}.txt`);
  const line = (index: number) => `line of file ${index}, which is like no other file's\n`;
  return Object.fromEntries(
    names.map((name, index) => [
      name,
      line(index)
        .repeat(bytes / 50)
        .slice(0, bytes),
    ]),
  );
}
