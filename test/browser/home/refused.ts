/**
 * What a page is told that may not have shared memory or WebAssembly, and its worker: this file is
 * both.
 */
import { type PagelessError, SharedCache } from '../../../src/index.ts';

export interface Told {
  isSupported: boolean;
  why: string | undefined;
  /** What creating has thrown. */
  error: Pick<PagelessError, 'name' | 'code' | 'message'> | undefined;
}

function errorOfCreating(): Told['error'] {
  try {
    const cache = new SharedCache({ maxSize: '4MiB' });
    cache.set('key', Uint8Array.of(7));
    cache.close();
    return undefined;
  } catch (error) {
    const { name, code, message } = error as PagelessError;
    return { name, code, message };
  }
}

function ask(): Told {
  const isSupported = SharedCache.isSupported();
  return { isSupported, why: SharedCache.whyUnsupported(), error: errorOfCreating() };
}

async function askBoth(): Promise<Told[]> {
  const worker = new Worker('refused.js', { type: 'module' });
  const told = new Promise<Told>((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(`worker: ${message}`));
  });
  return [ask(), await told];
}

if (typeof document === 'undefined') postMessage(ask());
else Object.assign(globalThis, { askBoth });
