/** A mutant's file, and its source with the edits. */

import type { Mutant } from './mutant.ts';
import { fileWith, kernelSources } from './sources.ts';

export interface Mutated {
  /** Below kernel/. */
  file: string;
  /** The whole file with the change. */
  source: string;
}

/** Throws when the kernel has changed so that an edit is not found exactly once. */
export function mutated({ name, edits }: Mutant): Mutated {
  try {
    const file = fileWith(edits.map(([find]) => find));
    let source = kernelSources().get(file)!;
    for (const [find, replace] of edits) source = source.replace(find, () => replace);
    return { file, source };
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`);
  }
}
