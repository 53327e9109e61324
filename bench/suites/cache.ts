/**
 * Suite `cache`: the shared cache beside what a program would use instead.
 *
 *   read-SIZE-X       ns until a value's bytes are in a Buffer of the caller's own; all hits
 *   get-SIZE-X        ns until the caller has a Uint8Array of its own
 *   get-string-SIZE   ns until the caller has a text and has looked at all of it
 *   near-hit-json     ns until the caller has an object, of values that are all near;
 *                     near-zipf-1m: of a million popular ones, 10,000 near. Beside an lru-cache of
 *                     objects in front of one of bytes, and JSON.parse (bench/cache/near.ts)
 *   has, miss         ns of asking for keys that are, and are not, there
 *   set-SIZE-X        ns of overwriting; set-new: of adding to an empty cache; set-full: of adding
 *                     to a full one, so that each addition drives something out
 *   …-zipf            the same with popular keys (bench/cache/values.ts); all others are uniform
 *   scaling-…-2t      operations a second of two threads on one cache, over those of two threads
 *                     with one each; mixed is five reads to a set, new adds keys to an emptied
 *                     cache, each thread its own. -way: ns for which a line that
 *                     one CPU has written is on its way to the other; -near, -far: of the rounds in
 *                     which that was less, or more, than 60 ns
 *   overhead-SIZE     bytes an entry takes beyond key and value: the mean of fills of several
 *                     sizes; -worst is the largest of them over the mean
 *   pause-1k          ms of single operations in churn at 1 GiB: the longest, and p99.999. Besides
 *                     lru-cache beside what does nothing, and what only makes the keys: of these,
 *                     the span that is exceeded as often in that time. -running: without the time
 *                     in which the thread was ready and others had its CPU, of all of them
 *   clear-1m          ms of emptying a cache of a million entries, which is filled for each round
 *   evict-shift       bytes driven out of a full cache of 100-byte values for each byte of 4 KiB
 *                     ones, -FROM-TO: of other sizes; evict-deleted, -expired, -overwritten: of one
 *                     that is full of holes (bench/cache/room.ts); …-moved: objects moved for it
 *   hit-ratio         percent of requests of recorded traces: the kernel's eviction, in slots
 *
 * 1k are JSON texts of about 1 KiB, 100k and 1m the entries, X is lz4 or raw (compression off).
 * One thread where nothing else is said, each on a CPU and a heap of its own, in turn, medians of
 * seven rounds after two to warm up.
 */
import { rooms } from '../cache/room.ts';
import { hits, nears, overheads, pauses, scaling, sets } from '../cache/rows.ts';
import type { Result, SuiteOptions } from '../suite.ts';
import { hitRatios } from '../traces/rows.ts';

/** What a stage opens, it closes before the next one begins: they take gigabytes each. */
const stages = [
  hits('100k'),
  hits('1m'),
  nears,
  sets,
  scaling,
  overheads,
  pauses,
  rooms,
  hitRatios,
];

export async function suite(options: SuiteOptions): Promise<Result[]> {
  const results: Result[] = [];
  for (const stage of stages) results.push(...(await stage(options)));
  return results;
}
