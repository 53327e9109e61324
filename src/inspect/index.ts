/**
 * `pageless/inspect`: a page in the browser that shows what a running program's memory is used for.
 *
 * `inspect` starts a thread of its own that looks at the zones from outside (look.ts) and serves
 * the page on the loopback interface (server.ts). It goes on showing while the program computes,
 * parks or has poisoned its zone. It does not keep the process alive.
 */
import { constants } from 'node:os';
import { isMainThread } from 'node:worker_threads';
import { checkObject } from '../border/arguments.ts';
import { InvalidArgumentError } from '../errors.ts';
import {
  type Inspectable,
  type InspectOptions,
  type Inspector,
  memoryOf,
  startInspector,
  threadData,
} from './inspector.ts';

export { inspectFile } from './files.ts';
export type { Inspectable, InspectOptions, Inspector };

/**
 * Shows arenas and caches until `close`, or until each is disposed in this thread.
 * Throws `InvalidArgumentError`, also for a port that is taken or a file that cannot be written,
 * and `UnsupportedError` in a bundle.
 */
export async function inspect(
  targets: Inspectable | readonly Inspectable[],
  options: InspectOptions = {},
): Promise<Inspector> {
  const all = [targets].flat() as Inspectable[];
  for (const target of all) memoryOf(target);
  const inspector = await startInspector(threadData(options));
  for (const target of all) inspector.add(target);
  return inspector;
}

/**
 * Starts the page when the process gets a signal, SIGUSR2 if no other is named, and prints its
 * address on standard error; again at each further signal. A program that handles the signal itself
 * keeps doing so: then, in worker threads, and on Windows nothing is started.
 * Throws `InvalidArgumentError` at once.
 *
 * @returns what stops the waiting, and the page; undefined if there is none
 */
export function inspectOnSignal(
  targets: Inspectable | readonly Inspectable[],
  options: InspectOptions & { signal?: NodeJS.Signals } = {},
): AsyncDisposable | undefined {
  const { signal = 'SIGUSR2', ...rest } = checkObject('options', options, 'an object');
  if (!(signal in constants.signals)) {
    throw new InvalidArgumentError('signal', 'the name of one', signal);
  }
  for (const target of [targets].flat()) memoryOf(target as Inspectable);
  threadData(rest);
  const isPossible = isMainThread && process.platform !== 'win32';
  if (!isPossible || process.listenerCount(signal) > 0) return undefined;
  let started: Promise<Inspector> | undefined;
  const start = () => {
    started ??= inspect(targets, rest);
    started.then(
      ({ url }) => console.error(`pageless: ${url}`),
      (error: Error) => {
        started = undefined;
        console.error(`pageless: ${error.message}`);
      },
    );
  };
  process.on(signal, start);
  return {
    [Symbol.asyncDispose]: async () => {
      process.off(signal, start);
      await (await started?.catch(() => undefined))?.close();
    },
  };
}
