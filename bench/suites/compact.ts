/**
 * Suite `compact`: page migration and compaction.
 *
 *   order9-yield       a zone of 256 MiB is filled to 80 % with folios of order 0 and objects of a
 *                      ZsPool in turn, then a random half of both is freed, until no block of 2 MiB
 *                      is free (which is checked). One `compact`. Then, in %,
 *                        free blocks of 2 MiB / floor((free pages − stranded) / 512)
 *                      where stranded are the free pages in children (2 MiB) in which something
 *                      cannot be moved
 *   page-move-cold     ns a page: `compact` of 512 MiB of folios of order 0, a random half of them
 *                      freed, over the pages that it moved; finding, isolating and giving back are
 *                      in it. Peer: page copy, random pages of as large a memory: one that fits
 *                      into the last cache would not be cold
 *   read-p99-during    ns: 99th percentile of reading a value of 1 KiB into the scratch by one
 *                      pinned thread, while another one thins out and compacts folios in the same
 *                      zone without pause. Peer: `before`, the same while the other thread is idle
 *   get-p99-during     the same with the copy that a `get` allocates: 1 KiB on JavaScript's heap is
 *                      what takes longest in it
 *   unmovable-skip     ns a page: a scan of pages that cannot be moved, in a range to be evacuated
 *
 * The threads are pinned. All memory is touched beforehand. Medians of 7 rounds in turn, which a
 * round with an interruption does not move. The kernel's bounds on what a thread waits are in the
 * model's tests.
 */
import { cpus } from 'node:os';
import * as facts from '../../src/generated/facts.ts';
import { PageCopies } from '../compact/copies.ts';
import { measureReads } from '../compact/reads.ts';
import { makeTerrain, newArena, survey } from '../compact/terrain.ts';
import { atRest, inTurn, pinThread, type Result, type SuiteOptions } from '../suite.ts';

const MIB = 2 ** 20;

interface Sizes {
  yieldBytes: number;
  coldBytes: number;
  cacheBytes: number;
  keys: number;
  unmovable: number;
  copies: number;
  rounds: number;
  ms: number;
}

const full: Sizes = {
  yieldBytes: 256 * MIB,
  coldBytes: 512 * MIB,
  cacheBytes: 128 * MIB,
  keys: 30_000,
  unmovable: 32_768,
  copies: 50_000,
  rounds: 7,
  ms: 400,
};
const tiny: Sizes = {
  yieldBytes: 16 * MIB,
  coldBytes: 16 * MIB,
  cacheBytes: 16 * MIB,
  keys: 1000,
  unmovable: 1024,
  copies: 1000,
  rounds: 1,
  ms: 20,
};

function measureYield({ yieldBytes }: Sizes, seed: number): number {
  const plan = { bytes: yieldBytes, filled: 0.8, freed: 0.5, hasObjects: true };
  const { arena } = makeTerrain(plan, seed);
  // What was never filled is taken, so that nothing is free but what was freed at random.
  const taken: number[] = [];
  for (let pfn = arena.allocPages(9); pfn !== undefined; pfn = arena.allocPages(9)) taken.push(pfn);
  const before = survey(arena);
  if (before.freeChildren !== 0) throw new Error('a block of 2 MiB is free before compaction');
  arena.compact();
  arena.check();
  const { freePages, strandedPages, freeChildren } = survey(arena);
  const possible = Math.floor((freePages - strandedPages) / facts.CHILD_PAGES);
  arena[Symbol.dispose]();
  return possible === 0 ? 100 : (100 * freeChildren) / possible;
}

async function measureCold({ coldBytes }: Sizes, seed: number): Promise<number> {
  const plan = { bytes: coldBytes, filled: 0.97, freed: 0.5, hasObjects: false };
  const { arena } = makeTerrain(plan, seed);
  // As the copies have it: making the terrain left garbage behind.
  await atRest();
  const { moved, ms } = arena.compact();
  arena[Symbol.dispose]();
  return (ms * 1e6) / moved;
}

/** Scans whole steps of the first pass over the range. */
function measureSkip({ unmovable }: Sizes): number {
  using arena = newArena((unmovable + 2048) * facts.PAGE_BYTES);
  const pfns = Array.from({ length: unmovable }, () => arena.allocPages(0)!).sort((a, b) => a - b);
  const { kernel } = arena;
  const first = pfns[0]!;
  kernel.beginEvacuation(first, unmovable);
  const steps = Math.max(1, Math.floor(unmovable / facts.VISITS) - 1);
  const start = performance.now();
  for (let step = 0; step < steps; step++) kernel.compactStep();
  const ms = performance.now() - start;
  while (kernel.endCompaction() === 0);
  return (ms * 1e6) / (steps * Math.min(unmovable, facts.VISITS));
}

function movedRow(figures: Map<string, number>): Result {
  const value = figures.get('page-move-cold')!;
  const ratio = value / figures.get('page copy cold')!;
  return { name: 'page-move-cold', value, unit: 'ns', peer: 'page copy', ratio };
}

function duringRow(what: string, reads: Map<string, number>): Result {
  const value = reads.get(`${what} during`)!;
  const ratio = value / reads.get(`${what} before`)!;
  return { name: `${what}-p99-during`, value, unit: 'ns', peer: 'before', ratio };
}

export async function suite({ isTiny }: SuiteOptions): Promise<Result[]> {
  const sizes = isTiny ? tiny : full;
  // The reader of the last rows has the last CPU.
  pinThread(cpus().length - 2);
  const cold = new PageCopies(sizes.coldBytes);
  let seed = 1;
  const figures = await inTurn(
    sizes.rounds,
    new Map([
      ['order9-yield', async () => measureYield(sizes, seed++)],
      ['page-move-cold', () => measureCold(sizes, seed++)],
      ['page copy cold', async () => cold.measure(sizes.copies)],
      ['unmovable-skip', async () => measureSkip(sizes)],
    ]),
  );
  const reads = await measureReads(sizes);
  return [
    { name: 'order9-yield', value: figures.get('order9-yield')!, unit: '%' },
    movedRow(figures),
    duringRow('read', reads),
    duringRow('get', reads),
    { name: 'unmovable-skip', value: figures.get('unmovable-skip')!, unit: 'ns' },
  ];
}
