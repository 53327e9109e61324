/**
 * What tests call on a thread of its own, one call at a time, or have run there whole.
 *
 * node:test follows each promise of its thread, to tell whose an error is that nobody catches. A
 * search makes one for each change of threads, and costs twice as much where they are followed.
 * What is thrown apart ends that thread and rejects; the next call has another one.
 */
import { once } from 'node:events';
import { test } from 'node:test';
import { isMainThread, Worker } from 'node:worker_threads';
import type { Call } from './apart-thread.ts';

let apart: Worker | undefined;

/** Calls a module's function there. The thread holds the process only as long as that takes. */
export async function callApart(
  module: string,
  name: string,
  ...args: unknown[]
): Promise<unknown> {
  const thread = apart ?? new Worker(new URL('./apart-thread.ts', import.meta.url));
  apart = thread;
  const call: Call = { module, name, args };
  thread.ref();
  thread.postMessage(call);
  try {
    const [result] = await once(thread, 'message');
    thread.unref();
    return result;
  } catch (error) {
    apart = undefined;
    throw error;
  }
}

type Body = () => Promise<void>;

/** By file. Each is loaded on both threads: its tests are made on one, and run on the other. */
const bodies = new Map<string, Body[]>();

/** The `test` of a file whose tests run apart: they cannot look at their context. */
export function testsApart(file: string): (name: string, body: Body) => void {
  const own: Body[] = [];
  bodies.set(file, own);
  return (name, body) => {
    const index = own.push(body) - 1;
    if (isMainThread)
      test(name, async () => void (await callApart(import.meta.url, 'run', file, index)));
  };
}

/** Runs a body, on the thread apart. */
export async function run(file: string, index: number): Promise<void> {
  await import(file);
  await bodies.get(file)![index]!();
}
