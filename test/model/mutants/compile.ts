/**
 * Compiles the kernel with some of its files changed, in this process: byte for byte as it ships
 * where nothing is changed.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import asc from 'assemblyscript/asc';
import { commonFlags, debugFlags, releaseFlags } from '../../../scripts/kernel-flags.ts';
import type { KernelBuild } from '../kernel-model.ts';
import { kernelFolder } from './sources.ts';

const root = join(kernelFolder, '..');

const builds: Record<KernelBuild, string[]> = {
  release: ['kernel/index.ts', ...releaseFlags],
  test: ['kernel/testing.ts', ...releaseFlags],
  debug: ['kernel/testing.ts', ...debugFlags],
};

/** Files by their path below kernel/, with their whole text. */
export type Files = ReadonlyMap<string, string>;

/** A build of the kernel. Throws what the compiler says when it refuses. */
export async function compileWith(
  build: KernelBuild,
  files: Files,
  ...flags: string[]
): Promise<Uint8Array> {
  let binary = new Uint8Array();
  // The compiler holds up this thread for seconds, and with it the sign that it is alive
  // (hunter.ts).
  await turn();
  const args = [...builds[build], '-o', 'mutant.wasm', ...commonFlags, ...flags];
  const { error, stderr } = await asc.main(args, {
    readFile(name) {
      const changed = name.startsWith('kernel/') ? files.get(name.slice(7)) : undefined;
      if (changed !== undefined) return changed;
      try {
        return readFileSync(join(root, name), 'utf8');
      } catch {
        return null;
      }
    },
    writeFile(name, contents) {
      if (name.endsWith('.wasm')) binary = contents as Uint8Array<ArrayBuffer>;
    },
    listFiles: () => null,
  });
  if (error !== null) throw new Error(stderr.toString());
  return binary;
}
