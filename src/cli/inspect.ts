/**
 * `pageless inspect`: an image or a recording, as a page in the browser.
 */
import { once } from 'node:events';
import { inspectFile } from '../inspect/index.ts';
import { UsageError } from './options.ts';

export interface InspectCommandOptions {
  port: number;
  json?: boolean;
}

export function portOption(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 65_536;
  if (port < 65_536) return port;
  throw new UsageError('it must be an integer from 0 to 65535');
}

/** Serves the page until the process is interrupted. @returns the exit status */
export async function inspectCommand(
  file: string,
  { port, json }: InspectCommandOptions,
): Promise<number> {
  await using inspector = await inspectFile(file, { port });
  // Before the address is out: who reads it may interrupt at once.
  const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  console.log(json ? JSON.stringify({ file, url: inspector.url }) : inspector.url);
  if (!json) console.error('Open this address in a browser; Ctrl+C ends.');
  // The inspector's own thread does not keep the process alive.
  const timer = setInterval(() => {}, 2 ** 30);
  await interrupted;
  clearInterval(timer);
  return 0;
}
