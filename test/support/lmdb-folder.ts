/** Tests of a folder of LMDB: each has one of its own, and caches that go with it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SharedCache } from '../../src/cache/constructor.ts';
import { type LmdbTierOptions, lmdbTier } from '../../src/tier/lmdb.ts';

export type Cache = SharedCache<string>;
export type Open = (options?: Partial<LmdbTierOptions>) => Cache;

/** A test with a folder and caches of its own. */
export function lmdbTest(what: string, run: (path: string, open: Open) => Promise<void>): void {
  test(what, async () => {
    const path = mkdtempSync(join(tmpdir(), 'pageless-lmdb-'));
    const caches: Cache[] = [];
    const open: Open = (options = {}) => {
      const tier = lmdbTier({ path, timeoutMs: 20_000, ...options });
      caches.push(new SharedCache({ maxSize: '16MiB', values: 'string', tier }));
      return caches.at(-1)!;
    };
    try {
      await run(path, open);
    } finally {
      for (const cache of caches) cache.close();
      rmSync(path, { recursive: true, force: true });
    }
  });
}
