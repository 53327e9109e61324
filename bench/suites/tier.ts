/**
 * Suite `tier`: a cache with a second tier behind it: a server on a Unix socket, or a folder.
 *
 *   hot-get            ns of a `get` that is a hit; the peer is a cache without a tier
 *   hot-get-ttl        the same; the peer's entries have a ttl, as all have before a tier: the rest
 *                      of hot-get is the reading of a clock
 *   get-many-100       µs until `getManyAsync` has 100 values that only the server has; the peer is
 *                      node-redis, asked for the same values by a pipeline of GETs
 *   get-many-100-mget  the same beside one MGET
 *   get-or-set-8t      questions that the server hears when eight threads call `getOrSet` of one
 *                      key that it has: the most of all rounds
 *   write-behind-set   ns of processor time of a `set`, for the server may have its CPU meanwhile;
 *                      the peer is a cache without a tier
 *   write-behind-all   ns until the server has everything
 *   set-many-100       µs until the server has the 100 values of a `setMany`; the peer sets one
 *                      after the other, and awaits `flush` of each
 *   set-many-100-sets  the same beside a pipeline of bare SETs
 *   delete-many-100    the same of `deleteMany`, beside one after the other
 *   …-many-100-lmdb    both in a folder
 *   warm-lmdb          ms until a new cache has 99 % of 100,000 entries that lie in a folder; the
 *                      peer is setting them
 *
 * Values are JSON texts of about 1 KiB (bench/cache/values.ts), given as bytes. Rounds are paired
 * and change their order; ratios are medians of the rounds' ratios. The bare client hands out what
 * the server holds; ours are also decompressed, checked, kept here and copied.
 */

import type { Result, SuiteOptions } from '../suite.ts';
import { lmdbRows } from '../tier/lmdb.ts';
import { redisRows } from '../tier/redis.ts';

export async function suite(options: SuiteOptions): Promise<Result[]> {
  return [...(await redisRows(options)), ...(await lmdbRows(options))];
}
