/**
 * The rows of suite `cache`, in stages: what a stage opens is closed before the next one begins.
 */
import { SharedCache } from '../../src/index.ts';
import { type Result, rowOf, type Suite, type SuiteOptions } from '../suite.ts';
import { Fleet, isWanted, loop, type Pair, ROUND_MS } from './fleet.ts';
import type { Request, Setup } from './member.ts';

const MIB = 2 ** 20;
/** What a value of 1 KiB takes at most, uncompressed, with all that belongs to it. */
const ROOMY = 1400;

/** A cache of `entries` JSON texts that drives nothing out. */
function roomy(subject: string, entries: number): Omit<Setup, 'orderLength'> {
  return { subject, entries, bytes: 'json', zoneBytes: 16 * MIB + entries * ROOMY };
}

type Row = [pairs: Pair[], request: Request];

const hitRows: Record<'100k' | '1m', Row[]> = {
  '100k': [
    [
      [
        ['read-1k-100k-raw', 'pageless raw', 'lru-cache'],
        ['read-1k-100k-lz4', 'pageless lz4', 'lru-cache'],
      ],
      loop('read'),
    ],
    [
      [
        ['read-1k-100k-raw-zipf', 'pageless raw', 'lru-cache'],
        ['read-1k-100k-lz4-zipf', 'pageless lz4', 'lru-cache'],
      ],
      loop('read', 'zipf'),
    ],
    [[['get-string-1k-100k-lz4', 'pageless strings', 'lru-cache of strings']], loop('scan')],
    [
      [
        ['set-1k-100k-raw', 'pageless raw', 'lru-cache'],
        ['set-1k-100k-lz4', 'pageless lz4', 'lru-cache'],
      ],
      loop('set'),
    ],
    [[['set-1k-100k-raw-zipf', 'pageless raw', 'lru-cache']], loop('set', 'zipf')],
  ],
  '1m': [
    [
      [
        ['read-1k-1m-raw', 'pageless raw', 'lru-cache'],
        ['read-1k-1m-raw', 'pageless raw', 'lmdb'],
        ['read-1k-1m-lz4', 'pageless lz4', 'lru-cache'],
        ['read-1k-1m-lz4', 'pageless lz4', 'lmdb lz4'],
      ],
      loop('read'),
    ],
    [
      [
        ['read-1k-1m-raw-zipf', 'pageless raw', 'lru-cache'],
        ['read-1k-1m-lz4-zipf', 'pageless lz4', 'lru-cache'],
      ],
      loop('read', 'zipf'),
    ],
    [[['get-1k-1m-raw', 'pageless raw', 'lru-cache']], loop('get')],
    [[['get-1k-1m-raw-zipf', 'pageless raw', 'lru-cache']], loop('get', 'zipf')],
    [[['has-1m', 'pageless raw', 'lru-cache']], loop('has')],
    [[['has-1m-zipf', 'pageless raw', 'lru-cache']], loop('has', 'zipf')],
    [[['miss-1m', 'pageless raw', 'lru-cache']], loop('miss')],
    [
      [
        ['set-1k-1m-raw', 'pageless raw', 'lru-cache'],
        ['set-1k-1m-lz4', 'pageless lz4', 'lru-cache'],
      ],
      loop('set'),
    ],
    [[['set-1k-1m-raw-zipf', 'pageless raw', 'lru-cache']], loop('set', 'zipf')],
    [[['clear-1m', 'pageless raw', 'lru-cache']], { kind: 'clear' }],
  ],
};

/** Hits, misses and overwriting, in caches that hold everything. */
export function hits(size: '100k' | '1m'): Suite {
  return async (options) => {
    const entries = options.isTiny ? 500 : size === '1m' ? 1_000_000 : 100_000;
    const rows = hitRows[size].map(([pairs, request]): Row => {
      return [pairs.filter(([row]) => isWanted(options, row)), request];
    });
    const names = new Set(rows.flatMap(([pairs]) => pairs.flatMap(([, ...both]) => both)));
    const fleet = await Fleet.open(names, options, (name) => roomy(name, entries));
    await fleet.fill(entries);
    const results: Result[] = [];
    for (const [pairs, request] of rows) {
      const unit = request.kind === 'clear' ? 'ms' : 'ns';
      results.push(...(await fleet.compare(pairs, request, unit)));
    }
    await fleet.close();
    return results;
  };
}

/**
 * Values as objects: those of a few keys, which are all near, and by Zipf's law those of a million,
 * of which a hundredth is.
 */
export const nears: Suite = async (options) => {
  const [ours, peer] = ['pageless near', 'two lru-caches'];
  const results: Result[] = [];
  for (const [row, many, order] of [
    ['near-hit-json', 5000, 'uniform'],
    ['near-zipf-1m', 1_000_000, 'zipf'],
  ] as const) {
    if (!isWanted(options, row)) continue;
    const entries = options.isTiny ? 500 : many;
    const fleet = await Fleet.open([ours, peer], options, (name) => roomy(name, entries));
    await fleet.fill(entries);
    results.push(...(await fleet.compare([[row, ours, peer]], loop('get', order))));
    await fleet.close();
  }
  return results;
};

/** Additions: to an empty cache, and to a full one. */
export const sets: Suite = async (options) => {
  const entries = options.isTiny ? 3000 : 100_000;
  const pairs = (row: string): Pair[] => [
    [`${row}-raw`, 'pageless raw', 'lru-cache'],
    [`${row}-lz4`, 'pageless lz4', 'lru-cache'],
  ];
  const rows: [Pair[], bytes: Record<string, number>, Request][] = [
    [pairs('set-new-1k'), { raw: ROOMY, lz4: ROOMY }, { kind: 'set-new', count: entries }],
    // Full with as many entries as the peer's limit, more or less.
    [pairs('set-full-1k'), { raw: 1150, lz4: 640 }, loop('set-new')],
  ];
  const results: Result[] = [];
  for (const [all, bytes, request] of rows) {
    const wanted = all.filter(([row]) => isWanted(options, row));
    const names = new Set(wanted.flatMap(([, ...both]) => both));
    const fleet = await Fleet.open(names, options, (name) => {
      const each = name.endsWith('lz4') ? bytes.lz4! : bytes.raw!;
      return { ...roomy(name, entries), zoneBytes: Math.max(4 * MIB, entries * each) };
    });
    await fleet.fill(2 * entries);
    results.push(...(await fleet.compare(wanted, request)));
    await fleet.close();
  }
  return results;
};

const SCALING_ROUNDS = 21;
/** Rounds in one place of the CPUs of which a row is made. */
const ENOUGH = 3;
/**
 * ns for which a line that one CPU has written is on its way to the other: CPUs with a last cache
 * in common were seen at 25 to 40, others at 70 to 115.
 */
const FAR_NS = 60;

const nameOf = (row: string): string => `scaling-${row.replace(/(?=-zipf|$)/, '-2t')}`;

/**
 * Two threads on one cache, and on one each. A host moves the CPUs that it lends: how far they are
 * from each other is measured before each round, and the rounds are told apart by it.
 */
export const scaling: Suite = async (options) => {
  const entries = options.isTiny ? 500 : 100_000;
  const requests: [row: string, request: Request][] = [
    ['mixed', loop('mixed', 'uniform', ROUND_MS)],
    ['set', loop('set', 'uniform', ROUND_MS)],
    ['mixed-zipf', loop('mixed', 'zipf', ROUND_MS)],
    ['set-zipf', loop('set', 'zipf', ROUND_MS)],
    // As many as one cache holds, of both together. The last: it leaves none of the others' keys.
    ['new', { kind: 'set-new', count: entries / 2 }],
  ];
  const rows = requests.filter(([row]) => isWanted(options, nameOf(row)));
  if (rows.length === 0) return [];
  const { zoneBytes } = roomy('', entries);
  using shared = new SharedCache({ maxSize: zoneBytes, values: 'bytes', compression: 'none' });
  const setup = roomy('pageless raw', entries);
  const [both, each] = ['one cache for both', 'a cache for each'];
  const setupOf = (name: string) => (name === both ? { ...setup, handle: shared.handle } : setup);
  const fleet = await Fleet.open([both, each], options, setupOf, 2);
  await fleet.fill(entries);
  const results: Result[] = [];
  for (const [row, request] of rows) {
    const asked = [
      { name: 'way', crew: both, request: { kind: 'meet' } as const },
      { name: both, request },
      { name: each, request },
    ];
    const figures = await fleet.rounds(asked, SCALING_ROUNDS);
    results.push(...byDistance(nameOf(row), figures, both, each));
  }
  await fleet.close();
  return results;
};

/** A row of all rounds, and one of those with the CPUs near each other, and far. */
function byDistance(
  row: string,
  figures: Map<string, number[]>,
  both: string,
  each: string,
): Result[] {
  const ways = figures.get('way')!;
  const rates = (name: string, isWanted: (ns: number) => boolean) =>
    figures
      .get(name)!
      .filter((_, round) => isWanted(ways[round]!))
      .map((ns) => 1e3 / ns);
  const kinds: [suffix: string, isOne: (ns: number) => boolean][] = [
    ['', () => true],
    ['-near', (ns) => ns < FAR_NS],
    ['-far', (ns) => ns >= FAR_NS],
  ];
  const rows = kinds
    .filter(([suffix, isOne]) => suffix === '' || ways.filter(isOne).length >= ENOUGH)
    .map(([suffix, isOne]) =>
      rowOf(`${row}${suffix}`, 'M/s', rates(both, isOne), [each, rates(each, isOne)]),
    );
  return [...rows, rowOf(`${row}-way`, 'ns', ways)];
}

/** Several sizes: a structure that grows by doubling is good at one and bad at the next. */
const FILLS = [700_000, 850_000, 1_000_000, 1_200_000, 1_400_000];
const PEER_FILL = 1_000_000;

interface Overhead {
  row: string;
  bytes: [least: number, most: number];
  ttl?: number;
}

const overheadRows: Overhead[] = [
  { row: 'overhead-20b', bytes: [17, 24] },
  { row: 'overhead-20b-ttl', bytes: [17, 24], ttl: 3_600_000 },
  { row: 'overhead-100b', bytes: [90, 110] },
  { row: 'overhead-1k', bytes: [900, 1150] },
];

async function overheadOf(
  options: SuiteOptions,
  subject: string,
  entries: number,
  { bytes, ttl }: Overhead,
): Promise<number> {
  const zoneBytes = 16 * MIB + entries * (bytes[1] + 200);
  const setup = { subject, entries, bytes, zoneBytes, ...(ttl ? { ttl } : {}) };
  const fleet = await Fleet.open([subject], options, () => setup);
  await fleet.fill(entries);
  const overhead = await fleet.ask(subject, { kind: 'overhead' });
  await fleet.close();
  return overhead;
}

/** Memory beyond keys and values. */
export const overheads: Suite = async (options) => {
  const scale = options.isTiny ? 1 / 500 : 1;
  const results: Result[] = [];
  for (const one of overheadRows.filter(({ row }) => isWanted(options, row))) {
    const ours: number[] = [];
    for (const fill of options.isTiny ? FILLS.slice(0, 1) : FILLS) {
      ours.push(await overheadOf(options, 'pageless raw', fill * scale, one));
    }
    const peer = await overheadOf(options, 'lru-cache', PEER_FILL * scale, one);
    const value = ours.reduce((sum, bytes) => sum + bytes) / ours.length;
    const worst = Math.max(...ours) / value;
    results.push(
      { name: one.row, value, unit: 'B', peer: 'lru-cache', ratio: value / peer },
      { name: `${one.row}-worst`, value: worst, unit: 'of the mean' },
    );
  }
  return results;
};

/**
 * The longest of single operations in 10 s of five reads to a set, in a gigabyte, and what one in
 * 100,000 exceeds. What makes keys and nothing else has many more operations in that time: of it,
 * what comes as often as ours. Running: without the time in which other threads had the CPU, which
 * comes in slices of some 4 ms, is the longest of all where anything else runs, and nobody's own.
 */
export const pauses: Suite = async (options) => {
  const rows = ['pause-1k-longest', 'pause-1k-longest-running', 'pause-1k-p99.999'] as const;
  if (!isWanted(options, ...rows)) return [];
  const entries = options.isTiny ? 500 : 800_000;
  const [ours, peer, ...spinners] = ['pageless raw', 'lru-cache', 'idle spinner', 'keys alone'];
  const names = [ours!, peer!, ...spinners];
  const fleet = await Fleet.open(names, options, (name) => roomy(name, entries));
  await fleet.fill(entries);
  const ranks = new Map<string, number>();
  for (const name of names) {
    const count = await fleet.ask(name, { kind: 'churn', ms: options.isTiny ? 50 : 10_000 });
    ranks.set(name, Math.ceil(count / 100_000));
  }
  for (const name of spinners) ranks.set(name, ranks.get(ours!)!);
  const results: Result[] = [];
  for (const row of rows) {
    const ask = (name: string) => {
      const rank = row === 'pause-1k-p99.999' ? ranks.get(name)! : 1;
      const of = row === 'pause-1k-longest-running' ? 'running' : 'all';
      return fleet.ask(name, { kind: 'longest', rank, of });
    };
    const value = await ask(ours!);
    for (const other of names.slice(1)) {
      results.push({
        name: row,
        value,
        unit: 'ms',
        peer: other,
        ratio: value / (await ask(other)),
      });
    }
  }
  await fleet.close();
  return results;
};
