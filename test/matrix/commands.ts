/**
 * What a row of the matrix is, and commands with a limit: what it runs, and how that ended.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

export interface Row {
  group: string;
  name: string;
  /** Throws when it does not work. @returns what to say beside `works` */
  try(): Promise<string | undefined>;
}

/** Nothing of the matrix takes longer, so what does, hangs. */
const LIMIT_MS = 120_000;

export const here: string = fileURLToPath(new URL('.', import.meta.url));

export class Failure extends Error {
  override name = 'Failure';
}

export interface Place {
  cwd?: string;
  env?: Record<string, string>;
}

/** Runs a command to its end. Throws `Failure` with the end of its output. @returns its output */
export async function run(command: string, args: string[], place: Place = {}): Promise<string> {
  const child = start(command, args, place);
  let output = '';
  const take = (chunk: Buffer) => {
    output += chunk;
  };
  child.stdout!.on('data', take);
  child.stderr!.on('data', take);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    stop(child);
  }, LIMIT_MS);
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  clearTimeout(timer);
  if (isLate) throw new Failure(`hangs: ${lastOf(output)}`);
  if (code !== 0) throw new Failure(lastOf(output));
  return output;
}

/** Starts a command that goes on until it is stopped, in a process group of its own. */
export function start(command: string, args: string[], { cwd = here, env }: Place): ChildProcess {
  return spawn(command, args, { cwd, env: { ...process.env, ...env }, detached: true });
}

/** Ends a command and what it has started. */
export function stop(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function lastOf(output: string): string {
  return output.trim().split('\n').slice(-12).join('\n');
}

/** A server of this machine, on a port that is free. */
export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
