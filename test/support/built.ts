/**
 * The library as it is built for Node, with the types of its source; and workers compiled to
 * JavaScript that load it. Such a worker is at work three times as soon as one in TypeScript, so
 * that many can be killed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type * as source from '../../src/index.ts';

const built = new URL('../../dist/node/index.js', import.meta.url).href;
const library = (await import(built)) as typeof source;

export const { SharedCache } = library;
export type SharedCache<T = source.Bytes> = source.SharedCache<T>;

/** What the worker imports of the sources' face it gets as it is built. @returns its file */
export async function compileWorker(worker: URL): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'pageless-worker-'));
  process.on('exit', () => rmSync(folder, { recursive: true }));
  const outfile = join(folder, `${basename(worker.pathname, '.ts')}.mjs`);
  await build({
    entryPoints: [fileURLToPath(worker)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    plugins: [
      {
        name: 'the library as it is built',
        setup: ({ onResolve }) =>
          onResolve({ filter: /\/src\/index\.ts$/ }, () => ({ path: built, external: true })),
      },
    ],
  });
  return outfile;
}
