/**
 * Loops of calls that a time-out of `node:vm` cuts short, again and again.
 *
 *   node test/threads/unwound.ts [subject] [rounds]      0 hangs, and how often the zone was
 *                                                        poisoned
 *
 * After each the same thread goes on with plain calls, and checks the zone.
 */
import { randomFillSync } from 'node:crypto';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { type Folio, PagelessError, SharedCache } from '../../src/index.ts';

export interface UnwoundFigures {
  cut: number;
  sound: number;
  poisoned: number;
}

/** Some work of one kind on a cache's zone, to be done again and again. */
type Subject = (cache: SharedCache) => () => void;

const noise = randomFillSync(new Uint8Array(200_000));
const image = join(tmpdir(), `unwound-${process.pid}.image`);

/** What was cut short may have freed it already, or may not have come to freeing it. */
function quietly(call: () => void): void {
  try {
    call();
  } catch (error) {
    if (!(error instanceof PagelessError) || error.code === 'ERR_PAGELESS_CORRUPTION') throw error;
  }
}

function fill(cache: SharedCache): void {
  for (let i = 0; i < 1000; i++) cache.set(`key ${i}`, noise.subarray(i, i + 500));
}

export const subjects: Record<string, Subject> = {
  get: (cache) => {
    fill(cache);
    let i = 0;
    return () => cache.get(`key ${i++ % 1000}`);
  },
  set: (cache) => {
    let i = 0;
    return () => cache.set(`key ${i++ % 5000}`, noise.subarray(i % 100, 3000));
  },
  'long set': (cache) => {
    let i = 0;
    return () => cache.set(`key ${i++ % 50}`, noise);
  },
  delete: (cache) => {
    let i = 0;
    return () => {
      cache.set(`key ${i % 500}`, noise.subarray(0, 100));
      cache.delete(`key ${i++ % 500}`);
    };
  },
  update: (cache) => {
    let i = 0;
    return () => {
      const key = `key ${i++ % 300}`;
      cache.update(key, (value) => noise.subarray(0, 100 + ((value?.length ?? 0) % 900)));
    };
  },
  conditions: (cache) => {
    let i = 0;
    return () => {
      const key = `key ${i++ % 300}`;
      const value = noise.subarray(i % 100, 1000);
      cache.add(key, value);
      const seen = cache.getWithVersion(key);
      if (seen !== undefined) cache.setIfVersion(key, value, seen.version);
      cache.replace(key, value);
      cache.touch(key, { ttl: 1000 });
      if (i % 3 === 0) cache.delete(key);
    };
  },
  'computed values': (cache) => {
    let i = 0;
    return () => {
      const key = `key ${i++ % 300}`;
      // A computation that was cut short is this thread's until its turn ends.
      quietly(() => void cache.getOrSetSync(key, () => noise.subarray(i % 100, 1000)));
      if (i % 3 === 0) cache.delete(key);
    };
  },
  'many keys': (cache) => {
    const keys = Array.from({ length: 100 }, (_, i) => `key ${i}`);
    let i = 0;
    return () => {
      cache.setMany(keys.map((key) => [key, noise.subarray(i++ % 100, 500)]));
      cache.getMany(keys);
      cache.deleteMany(keys.slice(0, i % 100));
    };
  },
  namespaces: (cache) => {
    const views = ['one', 'two', 'three'].map((name) => cache.namespace(name));
    let i = 0;
    return () => {
      const view = views[i % 3]!;
      view.set(`key ${i % 200}`, noise.subarray(i++ % 100, 1000));
      view.get(`key ${(i * 7) % 200}`);
      if (i % 100 === 0) view.clear();
    };
  },
  tags: (cache) => {
    let i = 0;
    return () => {
      const tags = [`tag ${i % 5}`, `user ${i % 70}`];
      cache.set(`key ${i++ % 500}`, noise.subarray(i % 100, 1000), { tags });
      if (i % 20 === 0) cache.deleteTag(tags[1]!);
    };
  },
  near: ({ handle }) => {
    const near = SharedCache.attach(handle, { near: { max: 100 } });
    let i = 0;
    return () => {
      near.get(`key ${i++ % 200}`);
      if (i % 5 === 0) near.set(`key ${(i * 3) % 200}`, noise.subarray(i % 100, 1000));
    };
  },
  'times to live': (cache) => {
    let i = 0;
    return () => {
      cache.set(`key ${i++ % 500}`, noise.subarray(i % 100, 1000), { ttl: 1, staleFor: 1 });
      if (i % 50 === 0) cache.purgeStale({ maxMs: 1 });
    };
  },
  'walk and clear': (cache) => {
    let i = 0;
    return () => {
      for (let k = 0; k < 50; k++) cache.set(`key ${i++ % 500}`, noise.subarray(k, 500));
      for (const key of cache.keys()) cache.has(key);
      if (i % 1000 === 0) cache.clear();
    };
  },
  pages: ({ arena }) => {
    const own: [pfn: number, order: number][] = [];
    return () => {
      const order = own.length % 5;
      const pfn = arena.allocPages(order);
      if (pfn !== undefined) own.push([pfn, order]);
      if (own.length < 40) return;
      for (const block of own.splice(0)) quietly(() => arena.freePages(...block));
    };
  },
  folios: ({ arena }) => {
    const own: Folio[] = [];
    const splitOne = () => {
      const folio = arena.allocFolio(4);
      if (!folio) return;
      own.push(folio);
      const pin = folio.pin();
      pin.lock();
      own.push(...(folio.split(1) ?? []));
      pin[Symbol.dispose]();
    };
    return () => {
      // What was pinned when it was cut short stays so: it is still this thread's.
      quietly(splitOne);
      if (own.length > 60) for (const folio of own.splice(0)) quietly(() => folio.free());
    };
  },
  objects: ({ arena }) => {
    const objects = arena.createObjectCache({ name: 'unwound', bytes: 64 });
    const own: number[] = [];
    return () => {
      const object = objects.alloc();
      if (object !== undefined) own.push(object);
      if (own.length < 3000) return;
      for (const each of own.splice(0, 2500)) quietly(() => objects.free(each));
    };
  },
  pool: ({ arena }) => {
    const pool = arena.createZsPool();
    const own: number[] = [];
    return () => {
      const handle = pool.malloc(0);
      if (handle === undefined) return;
      own.push(handle);
      pool.write(handle, noise.subarray(0, 100 + ((own.length * 37) % 900)));
      if (own.length < 400) return;
      for (const each of own.splice(0, 200)) quietly(() => pool.free(each));
      pool.compact({ budgetMs: 1 });
    };
  },
  compact: ({ arena }) => {
    let own: Folio[] = [];
    return () => {
      while (own.length < 300) {
        const folio = arena.allocFolio(0);
        if (!folio) break;
        own.push(folio);
      }
      for (const [i, folio] of own.entries()) if (i % 2 === 0) quietly(() => folio.free());
      own = own.filter((_, i) => i % 2 !== 0);
      arena.compact({ budgetMs: 20 });
    };
  },
  save: (cache) => {
    fill(cache);
    return () => cache.arena.save(image);
  },
  check: (cache) => {
    fill(cache);
    return () => cache.arena.check();
  },
  /** Attaches and detaches. */
  churn: ({ handle }) => {
    return () => {
      const arena = SharedCache.attach(handle);
      arena.get('key');
      arena[Symbol.dispose]();
    };
  },
};

export function cutShort(subject: string, rounds: number): UnwoundFigures {
  // Node makes some globals when they are first used, and never again if that is cut short.
  performance.now();
  const figures = { cut: 0, sound: 0, poisoned: 0 };
  let cache = new SharedCache({ maxSize: '8MiB' });
  let work = subjects[subject]!(cache);
  for (let round = 0; round < rounds; round++) {
    try {
      runInNewContext('while (true) work()', { work }, { timeout: 1 + (round % 7) });
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      figures.cut++;
    }
    try {
      for (let i = 0; i < 20; i++) work();
      cache.arena.check();
      figures.sound++;
    } catch (error) {
      if ((error as { code?: string }).code !== 'ERR_PAGELESS_CORRUPTION') throw error;
      figures.poisoned++;
      cache[Symbol.dispose]();
      cache = new SharedCache({ maxSize: '8MiB' });
      work = subjects[subject]!(cache);
    }
  }
  cache[Symbol.dispose]();
  rmSync(image, { force: true });
  return figures;
}

if (!isMainThread && workerData?.subject) {
  parentPort!.postMessage(cutShort(workerData.subject, workerData.rounds));
} else if (process.argv[1] === import.meta.filename) {
  const [only, rounds = '25'] = process.argv.slice(2);
  for (const subject of only ? [only] : Object.keys(subjects)) {
    console.log(subject, JSON.stringify(cutShort(subject, Number(rounds))));
  }
  process.exit(0);
}
