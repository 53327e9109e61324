/**
 * Suite `memdesc`: descriptors, on 1,024 of them or (-hot) on one that all threads want. ns each.
 *
 *   pin-unpin, lock-unlock   inside an open section; peers: two atomic additions, in a module and
 *                            in JavaScript
 *   pin-unpin-call           the same pair by two calls from JavaScript, with their sections
 *   lookup                   from a page's number to its descriptor; peer: a load from an array
 *   kernel-call              an empty call with its section; peer: the same without
 *   descriptor-alloc-free    a descriptor from its cache, and back
 *   publish-free-orderO      a block of 2^O pages with its descriptor, published and freed
 *   split-order9             2 MiB into single pages, each with a descriptor
 *   move-order0-hot, -cold   a page moved under its descriptor, by evacuating the places where 64
 *                            folios are, or 32 MiB of them; peer: a copy of two hot pages, or of
 *                            pages of 64 MiB in no order
 *   lock-contended-2t        two threads fight for one lock and add 10 times under it: acquisitions
 *                            a second, longest wait (beginning to end of one acquisition), share of
 *                            the thread that got it least; peer: a futex mutex in C
 *   metadata-LAYOUT-TYPE     bytes that describe the lab's mix, as a share of what is described, %
 *
 * -1t, -2t: threads, pinned, over one zone. Medians of 7 rounds in turn with the peers.
 */
import { costOf, labMix } from '../../src/lab/mixes.ts';
import { compileLab, createLabMemory, layouts, openLab } from '../../src/lab/modules.ts';
import { Crew } from '../crew.ts';
import type { Operation, Request, Setup } from '../memdesc/member.ts';
import type { Yardstick } from '../peers/member.ts';
import { judge, Mutex } from '../peers/mutex.ts';
import { COLD_PAGES, HOT_PAGES, WORDS, Yardsticks } from '../peers/yardsticks.ts';
import { inTurn, type Result, type SuiteOptions } from '../suite.ts';

const THREADS = 2;
/** Additions under the lock. */
const HOLD = 10;

interface Row {
  operation: Operation;
  /** 1,024 or 1. */
  pages: number[];
  threads: number[];
  peers: Yardstick[];
}

const adds: Yardstick[] = ['kernel add pair', 'Atomics add pair'];
const both = [1, THREADS];

const rows: Row[] = [
  { operation: 'pin-unpin', pages: [WORDS, 1], threads: both, peers: adds },
  { operation: 'pin-unpin-call', pages: [WORDS], threads: [1], peers: adds },
  { operation: 'lock-unlock', pages: [WORDS, 1], threads: both, peers: adds },
  { operation: 'lookup', pages: [WORDS, 1], threads: both, peers: ['array load'] },
  { operation: 'kernel-call', pages: [WORDS], threads: both, peers: [] },
  { operation: 'bare call', pages: [WORDS], threads: both, peers: [] },
  { operation: 'descriptor-alloc-free', pages: [WORDS], threads: both, peers: [] },
  { operation: 'publish-free-order0', pages: [WORDS], threads: both, peers: [] },
  { operation: 'publish-free-order3', pages: [WORDS], threads: both, peers: [] },
  { operation: 'split-order9', pages: [WORDS], threads: both, peers: [] },
];

const ending = (pages: number, threads: number): string =>
  `${pages === 1 ? '-hot' : ''}-${threads}t`;

type Zone = Crew<Setup, Request>;

async function openZone(): Promise<Zone> {
  const module = compileLab('one-word');
  const memory = createLabMemory();
  const setup: Setup = { module, memory, first: openLab(module, memory).setStage() };
  const file = new URL('../memdesc/member.ts', import.meta.url);
  return Crew.open<Setup, Request>(file, Array(THREADS).fill(setup));
}

async function meanOf(zone: Zone, request: Request, threads: number): Promise<number> {
  const answers = await zone.ask(request, threads);
  return answers.reduce((sum, ns) => sum + ns) / threads;
}

async function time(zone: Zone, yardsticks: Yardsticks, rounds: number, ms: number) {
  const subjects = new Map<string, () => Promise<number>>();
  for (const { operation, pages: counts, threads: crowds, peers } of rows) {
    for (const pages of counts) {
      for (const threads of crowds) {
        const end = ending(pages, threads);
        const request = { operation, pages, ms };
        subjects.set(operation + end, () => meanOf(zone, request, threads));
        for (const peer of peers) {
          subjects.set(peer + end, () => yardsticks.measure(peer, pages, threads, ms));
        }
      }
    }
  }
  // Twice, unmeasured: the compilers warm up.
  await inTurn(2, subjects);
  return inTurn(rounds, subjects);
}

function compare(figures: Map<string, number>): Result[] {
  return rows.flatMap(({ operation, pages, threads, peers }) =>
    pages.flatMap((count) =>
      threads.flatMap((crowd): Result[] => {
        const end = ending(count, crowd);
        const value = figures.get(operation + end)!;
        const row = { name: operation + end, value, unit: 'ns' };
        if (operation === 'bare call') return [];
        const others = operation === 'kernel-call' ? ['bare call'] : peers;
        if (others.length === 0) return [row];
        return others.map((peer) => ({ ...row, peer, ratio: value / figures.get(peer + end)! }));
      }),
    ),
  );
}

/** What a section adds to a call. */
function sectionOf(figures: Map<string, number>): Result[] {
  return both.map((threads) => {
    const end = ending(WORDS, threads);
    const value = figures.get(`kernel-call${end}`)! - figures.get(`bare call${end}`)!;
    return { name: `kernel-call-section${end}`, value, unit: 'ns' };
  });
}

async function contest(
  zone: Zone,
  mutex: Mutex | undefined,
  rounds: number,
  ms: number,
): Promise<Result[]> {
  const ask = (operation: Operation) => zone.ask({ operation, pages: 1, ms }, THREADS);
  const plain = async () => judge(await ask('fight'), [0], ms);
  const subjects = new Map<string, () => Promise<number>>([
    ['1/s', async () => (await plain()).perSecond],
    ['ms', async () => Math.max(...(await ask('timed fight'))) / 1e6],
    ['%', async () => (await plain()).leastShare],
  ]);
  if (mutex !== undefined) {
    const compete = (isTimed: boolean) => mutex.compete(THREADS, HOLD, isTimed, ms);
    subjects.set('peer 1/s', async () => (await compete(false)).perSecond);
    subjects.set('peer ms', async () => (await compete(true)).longestMs);
    subjects.set('peer %', async () => (await compete(false)).leastShare);
  }
  const figures = await inTurn(rounds, subjects);
  return ['1/s', 'ms', '%'].map((unit) => {
    const value = figures.get(unit)!;
    const row = { name: `lock-contended-${THREADS}t`, value, unit };
    const other = figures.get(`peer ${unit}`);
    return other === undefined ? row : { ...row, peer: 'mutex', ratio: value / other };
  });
}

async function moves(zone: Zone, yardsticks: Yardsticks, rounds: number, ms: number) {
  const temperatures = [
    { heat: 'hot', pages: 64, copied: HOT_PAGES },
    // They go to as many others, and back.
    { heat: 'cold', pages: COLD_PAGES / 2, copied: COLD_PAGES },
  ];
  const subjects = new Map<string, () => Promise<number>>();
  for (const { heat, pages, copied } of temperatures) {
    const request: Request = { operation: 'move-order0', pages, ms };
    subjects.set(heat, () => meanOf(zone, request, 1));
    subjects.set(`copy ${heat}`, () => yardsticks.measure('page copy', copied, 1, ms));
  }
  const figures = await inTurn(rounds, subjects);
  return temperatures.map(({ heat }): Result => {
    const value = figures.get(heat)!;
    const ratio = value / figures.get(`copy ${heat}`)!;
    return { name: `move-order0-${heat}`, value, unit: 'ns', peer: 'page copy', ratio };
  });
}

function metadata(): Result[] {
  return layouts.flatMap((layout) => {
    const costs = costOf(layout, labMix);
    const row = (type: string, share: number): Result => {
      const name = `metadata-${layout}-${type.replaceAll(' ', '-')}`;
      return { name, value: 100 * share, unit: '%' };
    };
    const all = costs.reduce((sum, { share }) => sum + share, 0);
    return [...costs.map(({ name, share }) => row(name, share)), row('all', all)];
  });
}

export async function suite({ isTiny, leaveOut }: SuiteOptions): Promise<Result[]> {
  const rounds = isTiny ? 1 : 7;
  const [zone, yardsticks] = await Promise.all([openZone(), Yardsticks.open()]);
  const figures = await time(zone, yardsticks, rounds, isTiny ? 0.5 : 20);
  const moved = await moves(zone, yardsticks, rounds, isTiny ? 0.5 : 50);
  const mutex = await Mutex.open();
  if (mutex === undefined) leaveOut(`lock-contended-${THREADS}t`, 'mutex');
  const fights = await contest(zone, mutex, rounds, isTiny ? 5 : 200);
  mutex?.close();
  await Promise.all([zone.close(), yardsticks.close()]);
  return [...compare(figures), ...sectionOf(figures), ...moved, ...fights, ...metadata()];
}
