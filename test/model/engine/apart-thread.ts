/** The thread of apart.ts: the name of a function in, its result out. */
import { parentPort } from 'node:worker_threads';

export interface Call {
  /** Its address. */
  module: string;
  name: string;
  args: unknown[];
}

parentPort!.on('message', async ({ module, name, args }: Call) => {
  const functions = await import(module);
  parentPort!.postMessage(await functions[name](...args));
});
