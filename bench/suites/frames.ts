/**
 * Suite `frames`: the page allocator, beside native ones. Rows: WORKLOAD-orderO-Tt-X.
 *
 *   repeat   take a block, give the same back                                  ns a pair
 *   random   1,000 live blocks, replace one of them at random                  ns a pair
 *   burst    take 1,000 blocks, then give them back                            ns a pair
 *   bulk     take 90 % of the zone, then give all back                         ns a pair
 *   frag     take all, give back a random half, replace what is left ten times over, a random
 *            tenth at a time: share of free memory in free blocks of 2 MiB     %
 *
 * T threads, pinned, start together and time their own loops; a figure is ns for each of a thread's
 * pairs, the mean of the threads, the median of 7 rounds in which all contenders take turns. Where
 * 1,000 blocks are more than half of a thread's share, that half is live. The zone is 1 GiB, or as
 * the row's end says 64 MiB or 4 GiB; peers run over 1 GiB.
 *
 * X: kernel = loop inside a bench build, the checked path that ships: page words are written, and
 * compared before anything is freed. raw = frames without words and checks. call = one call of
 * `Arena` from JavaScript for each operation, in a thread with one arena; call-among-3 = likewise,
 * with three. kernel-bare, call-bare = nothing but what these need (bench/kernel/bare.ts).
 *
 *   WORKLOAD-orderO-X-2t-against-1t, WORKLOAD-orderO-1t-X-4g-against-64m   ours against ours
 *   metadata-ZONE   bits for each page, beside its word: all of the zone before its first page but
 *                   thread slots and page map; includes what rounding up to a page adds
 */
import {
  type Contender,
  DEFAULT_ZONE,
  metadataBits,
  openContenders,
  type Sizes,
} from '../frames/contenders.ts';
import type { Request } from '../frames/member.ts';
import { inTurn, type Result, type SuiteOptions } from '../suite.ts';

/** Pages; the largest zone is one WebAssembly page short of 4 GiB. */
const zones: Sizes = { '64m': 2 ** 14, '1g': 2 ** 18, '4g': 2 ** 20 - 16 };
const tinyZones: Sizes = { '64m': 2 ** 10, '1g': 2 ** 11, '4g': 2 ** 12 };
/** Percent; what a peer without any free block of 2 MiB counts as having: 1 in 1,000. */
const LEAST_SHARE = 0.1;
const natives = ['mimalloc', 'jemalloc'];

interface Workload {
  workload: Request['workload'];
  order: number;
}

const nameOf = ({ workload, order }: Workload): string => `${workload}-order${order}`;

interface Cell {
  contender: Contender;
  zone: string;
  threads: number;
}

function labelOf({ contender, zone, threads }: Cell): string {
  return `${threads}t-${contender.name}${zone === DEFAULT_ZONE ? '' : `-${zone}`}`;
}

function cellsOf(contenders: Contender[], { workload, order }: Workload): Cell[] {
  return [1, 2].flatMap((threads) =>
    contenders
      .filter((contender) => contender.threads >= threads && contender.workloads.includes(workload))
      .filter(({ orders }) => orders?.includes(order) ?? true)
      .flatMap((contender) => contender.zones.map((zone) => ({ contender, zone, threads }))),
  );
}

/**
 * What a thread is asked for: 90 % of the zone among them, live a thousand or half of its share.
 */
function requestFor({ workload, order }: Workload, cell: Cell, pages: number, ms: number): Request {
  const blocks = Math.floor((pages * 0.9) / cell.threads) >> order;
  return { zone: cell.zone, workload, order, live: Math.min(1000, blocks >> 1), blocks, ms };
}

const isPeer = ({ contender, zone }: Cell): boolean => !contender.isOurs && zone === DEFAULT_ZONE;

/** A row for each peer that was measured with as many threads over the same zone. */
function compare(
  name: string,
  unit: string,
  cells: Cell[],
  figures: Map<string, number>,
): Result[] {
  return cells.flatMap((cell) => {
    const value = figures.get(labelOf(cell))!;
    const row = { name: `${name}-${labelOf(cell)}`, value, unit };
    const peers = cells.filter((other) => isPeer(other) && other.threads === cell.threads);
    if (!cell.contender.isOurs || cell.zone !== DEFAULT_ZONE || peers.length === 0) return [row];
    return peers.map((peer) => {
      const other = Math.max(figures.get(labelOf(peer))!, unit === '%' ? LEAST_SHARE : 0);
      return { ...row, peer: peer.contender.name, ratio: value / other };
    });
  });
}

/** Ours against ours: more threads, a larger zone. */
function scale(name: string, figures: Map<string, number>): Result[] {
  const row = (end: string, label: string, peer: string, base: string): Result[] => {
    const value = figures.get(label);
    const other = figures.get(base);
    if (value === undefined || other === undefined) return [];
    return [{ name: `${name}-${end}`, value, unit: 'ns', peer, ratio: value / other }];
  };
  return ['kernel', 'raw', 'call'].flatMap((x) => [
    ...row(`${x}-2t-against-1t`, `2t-${x}`, '1t', `1t-${x}`),
    ...row(`${x}-4g-2t-against-1t`, `2t-${x}-4g`, '1t', `1t-${x}-4g`),
    ...row(`1t-${x}-4g-against-64m`, `1t-${x}-4g`, '64m', `1t-${x}-64m`),
  ]);
}

function workloadsFor(isTiny: boolean): Workload[] {
  const orders = isTiny ? [0] : [0, 3, 9];
  const timed = (['repeat', 'random', 'burst', 'bulk'] as const).flatMap((workload) =>
    orders.map((order) => ({ workload, order })),
  );
  // A block of order 9 is whole by itself.
  const small = orders.filter((order) => order < 9);
  return [...timed, ...small.map((order) => ({ workload: 'frag', order }) as const)];
}

/** Tiny passes show that everything runs; the first ones warm up compilers and caches. */
const full = { sizes: zones, ms: 20, warmUps: 2, rounds: 7 };
const tiny = { sizes: tinyZones, ms: 0.1, warmUps: 1, rounds: 1 };

async function measure(
  work: Workload,
  contenders: Contender[],
  { sizes, ms, warmUps, rounds }: typeof full,
): Promise<Result[]> {
  const cells = cellsOf(contenders, work);
  const subjects = new Map(
    cells.map((cell) => {
      const request = requestFor(work, cell, sizes[cell.zone]!, ms);
      return [labelOf(cell), () => cell.contender.measure(request, cell.threads)];
    }),
  );
  const name = nameOf(work);
  if (work.workload === 'frag') return compare(name, '%', cells, await inTurn(rounds, subjects));
  await inTurn(warmUps, subjects);
  const figures = await inTurn(rounds, subjects);
  return [...compare(name, 'ns', cells, figures), ...scale(name, figures)];
}

export async function suite({ isTiny, note, leaveOut }: SuiteOptions): Promise<Result[]> {
  const plan = isTiny ? tiny : full;
  const contenders = await openContenders(plan.sizes);
  const missing = natives.filter((name) => !contenders.some((one) => one.name === name));
  const results: Result[] = [];
  for (const work of workloadsFor(isTiny)) {
    results.push(...(await measure(work, contenders, plan)));
    if (work.workload === 'frag') continue;
    for (const peer of missing) leaveOut(`${nameOf(work)}-1t-kernel`, peer);
  }
  for (const [zone, pages] of Object.entries(plan.sizes)) {
    results.push({ name: `metadata-${zone}`, value: metadataBits(pages), unit: 'bits/page' });
  }
  await Promise.all(contenders.map((contender) => contender.close()));
  for (const text of notes) note(text);
  return results;
}

const notes = [
  'Peers do more: malloc and free take any size, and free finds it from the address; malloc serves',
  'any number of threads. They do less: nothing describes a block to others, a wrong or second free',
  'is not found before it does harm, and a thread that dies in the middle leaves what it leaves.',
  'buddy: one lock, lists, no checks, links in tables beside its pages. @thi.ng/malloc: one thread.',
];
