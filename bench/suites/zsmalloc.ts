/**
 * Suite `zsmalloc`: memory and time that objects cost beyond their bytes.
 *
 *   overhead-pages-SIZE    real pages of 4 KiB, compressed by LZ4 (raw where they do not shrink),
 *                          each repeated as often as it takes until their sum is SIZE:
 *                          100 · (memory used / Σ compressed bytes − 1)                          %
 *   overhead-1k            the same for noise of 1 KiB, 256 MiB                                  %
 *   overhead-after-churn   compressed pages, 256 MiB: three times a random half is freed and as
 *                          many are added; then compaction                                       %
 *   freed-by-compaction    256 MiB, a random 70 % freed, then compaction: 100 · pages of objects
 *                          freed / (pages held − pages that the rest needs, packed by class)     %
 *   moved-per-second       objects that this compaction moved                             objects/s
 *   alloc-write-free-BYTES-X-Tt   a round of each of T threads, in a loop inside the kernel: raw =
 *                                 as
 *                          the store does it, checked = by public handles, freed objects waiting
 *                          for a grace period                                                    ns
 *   copy-BYTES-1t          writing alone, between warm pages: part of each round                 ns
 *
 * Memory used: pages taken from the zone since before the pool was made: objects, descriptors,
 * cells, tables of the pool. Pages: $PAGELESS_DATA/pages/*.gz, else the project's own files.
 * Threads are pinned; medians of 7 rounds in turn. Sizes below 1 GiB are also run when tiny,
 * smaller.
 */

import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Arena, lz4, type ZsPool } from '../../src/index.ts';
import { noise, numbersFrom } from '../../test/support/numbers.ts';
import { compileKernel } from '../artifact.ts';
import { Crew } from '../crew.ts';
import { inTurn, type Result, type SuiteOptions } from '../suite.ts';
import type { Request, Setup } from '../zsmalloc/member.ts';

const MIB = 2 ** 20;
const PAGE = 4096;

/** Pages of 4 KiB as they are found in memory, or, for want of those, in the project's files. */
function realPages(): Uint8Array[] {
  const folder = process.env.PAGELESS_DATA && join(process.env.PAGELESS_DATA, 'pages');
  const files =
    folder && existsSync(folder)
      ? globSync(join(folder, '*.gz')).map((file) => gunzipSync(readFileSync(file)))
      : globSync('{kernel,src,test,docs}/**/*.{ts,md}').map((file) => readFileSync(file));
  const all = Buffer.concat(files);
  const count = Math.floor(all.length / PAGE);
  return Array.from({ length: count }, (_, i) => all.subarray(i * PAGE, (i + 1) * PAGE));
}

/** What the cache would store of each page. */
const compressAll = (pages: Uint8Array[]): Uint8Array[] =>
  pages.map((page) => lz4.compress(page) ?? Uint8Array.from(page));

class Filled {
  readonly arena: Arena;
  readonly pool: ZsPool;
  readonly #free: number;
  readonly handles: [handle: number, bytes: number][] = [];
  sum = 0;

  constructor(bytes: number) {
    this.arena = new Arena({ size: Math.ceil((bytes * 1.1) / MIB + 8) * MIB });
    // Its scratch is not the pool's; it is taken with the first pool.
    this.arena.createZsPool();
    this.#free = this.arena.report().freePages;
    this.pool = this.arena.createZsPool();
  }

  /** Adds objects, over and over, until their sum is `bytes`. */
  fill(objects: Uint8Array[], bytes: number): void {
    for (let i = 0; this.sum < bytes; i = (i + 1) % objects.length) {
      const object = objects[i]!;
      const handle = this.pool.malloc(0);
      if (handle === undefined || !this.pool.write(handle, object)) throw new Error('no room');
      this.handles.push([handle, object.length]);
      this.sum += object.length;
    }
  }

  /** Frees a random share. */
  thin(share: number, draw: (below: number) => number): void {
    const kept = this.handles.filter(([handle, bytes]) => {
      if (draw(1000) >= share * 1000) return true;
      this.pool.free(handle);
      this.sum -= bytes;
      return false;
    });
    this.handles.splice(0, this.handles.length, ...kept);
  }

  compact(): { moved: number; ms: number } {
    return this.pool.compact({ budgetMs: 600_000 });
  }

  /** Percent of memory beyond the objects' bytes. */
  overhead(): number {
    const used = (this.#free - this.arena.report().freePages) * PAGE;
    return 100 * (used / this.sum - 1);
  }

  close(): void {
    this.arena.check();
    this.arena[Symbol.dispose]();
  }
}

function overheadOf(objects: Uint8Array[], bytes: number): number {
  const filled = new Filled(bytes);
  filled.fill(objects, bytes);
  const overhead = filled.overhead();
  filled.close();
  return overhead;
}

function afterChurn(objects: Uint8Array[], bytes: number): Result[] {
  const filled = new Filled(bytes);
  const draw = numbersFrom(7);
  filled.fill(objects, bytes);
  for (let round = 0; round < 3; round++) {
    filled.thin(0.5, draw);
    filled.fill(objects, bytes);
  }
  filled.compact();
  const value = filled.overhead();
  filled.close();
  return [{ name: 'overhead-after-churn', value, unit: '%' }];
}

function freedByCompaction(objects: Uint8Array[], bytes: number): Result[] {
  const filled = new Filled(bytes);
  filled.fill(objects, bytes);
  filled.thin(0.7, numbersFrom(3));
  const pages = (): number => filled.arena.kernel.zsPages();
  const held = pages();
  const freeable = filled.pool.report().reduce((sum, one) => sum + one.freeable, 0);
  const { moved, ms } = filled.compact();
  const value = (100 * (held - pages())) / freeable;
  filled.close();
  return [
    { name: 'freed-by-compaction', value, unit: '%' },
    { name: 'moved-per-second', value: (moved * 1000) / ms, unit: 'objects/s' },
  ];
}

/** Loops of 512 B and 2 KiB, in one thread and in two. */
async function times(isTiny: boolean): Promise<Result[]> {
  const module = compileKernel('zsmalloc');
  using arena = new Arena({ size: '64MiB' });
  using pool = arena.createZsPool();
  const setup: Setup = { module, memory: arena.memory, pool: pool.handle.pool };
  const file = new URL('../zsmalloc/member.ts', import.meta.url);
  const crew = await Crew.open<Setup, Request>(file, [setup, setup]);
  const subjects = new Map<string, () => Promise<number>>();
  for (const bytes of [512, 2048]) {
    for (const [loop, name] of [
      ['repeatRaw', 'raw'],
      ['repeatChecked', 'checked'],
    ] as const) {
      for (const threads of [1, 2]) {
        subjects.set(`alloc-write-free-${bytes}-${name}-${threads}t`, async () => {
          const all = await crew.ask({ loop, bytes, ms: isTiny ? 0.1 : 20 }, threads);
          return all.reduce((sum, one) => sum + one, 0) / all.length;
        });
      }
    }
    subjects.set(`copy-${bytes}-1t`, async () => {
      return (await crew.ask({ loop: 'repeatCopy', bytes, ms: isTiny ? 0.1 : 20 }, 1))[0]!;
    });
  }
  if (!isTiny) await inTurn(2, subjects);
  const figures = await inTurn(isTiny ? 1 : 7, subjects);
  await crew.close();
  return [...figures].map(([name, value]) => {
    const one = figures.get(name.replace('-2t', '-1t'));
    const row = { name, value, unit: 'ns' };
    return name.endsWith('-2t') ? { ...row, peer: '1t', ratio: value / one! } : row;
  });
}

export async function suite({ isTiny, note }: SuiteOptions): Promise<Result[]> {
  const pages = compressAll(realPages());
  const scale = isTiny ? MIB / 16 : MIB;
  const sizes = isTiny ? [16, 64] : [16, 64, 256, 1024];
  const results: Result[] = sizes.map((size) => {
    const name = `overhead-pages-${size === 1024 ? '1g' : `${size}m`}`;
    return { name, value: overheadOf(pages, size * scale), unit: '%' };
  });
  const kilobytes = Array.from({ length: 64 }, (_, i) => noise(1024, i + 1));
  results.push({ name: 'overhead-1k', value: overheadOf(kilobytes, 256 * scale), unit: '%' });
  results.push(...afterChurn(pages, 256 * scale), ...freedByCompaction(pages, 256 * scale));
  results.push(...(await times(isTiny)));
  const bytes = pages.reduce((sum, page) => sum + page.length, 0);
  note(`${pages.length} pages, ${Math.round(bytes / pages.length)} bytes each when compressed`);
  return results;
}
