/** A mutant's source: the kernel's file with its edits. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kernelFolder } from './generate.ts';
import type { Mutant } from './table.ts';

/** Throws when the file has changed so that an edit is not found exactly once. */
export function mutatedSource({ name, file, edits }: Mutant): string {
  let source = readFileSync(join(kernelFolder, file), 'utf8');
  for (const [find, replace] of edits) {
    if (source.split(find).length !== 2) throw new Error(`${name}: not found once in ${file}`);
    source = source.replace(find, () => replace);
  }
  return source;
}
