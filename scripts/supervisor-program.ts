/**
 * The supervisor's program as one string. A worker that is started from a string needs no file
 * beside the library's, so it works from any bundle, and no minifier or coverage tool rewrites it.
 */
import { join } from 'node:path';
import { buildSync } from 'esbuild';

/** src/threads/supervisor.ts with what it imports, as a script. */
export function supervisorProgram(root: string): string {
  const { outputFiles } = buildSync({
    entryPoints: [join(root, 'src/threads/supervisor.ts')],
    ...{ bundle: true, write: false, format: 'iife', minifySyntax: true, minifyWhitespace: true },
    ...{ platform: 'node', target: 'node20', logLevel: 'error' },
  });
  return outputFiles[0]!.text;
}
