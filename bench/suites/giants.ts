/**
 * Suite `giants`: what shows only among millions of entries. It takes gigabytes and minutes.
 *
 *   lines-get     cache lines that a get touches of the cache's structures: bench/giants/lines.ts;
 *                 lines-set: that a set which replaces a value does
 *   entries-20m   bytes that each of 20 million values takes: bench/giants/rows.ts
 *   death-10m     ms of others' longest operation when a thread dies among ten million entries
 */

import { lines } from '../giants/lines.ts';
import { death10m, entries20m } from '../giants/rows.ts';
import type { Result, SuiteOptions } from '../suite.ts';

export async function suite(options: SuiteOptions): Promise<Result[]> {
  const results: Result[] = [];
  for (const stage of [lines, entries20m, death10m]) results.push(...(await stage(options)));
  return results;
}
