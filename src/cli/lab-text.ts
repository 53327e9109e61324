/** What `pageless lab` prints for people: a table a section. */
import type { Allocation, Chain, Pair } from '../lab/allocations.ts';
import type { Migration, Refusals } from '../lab/migration.ts';
import type { Cost } from '../lab/mixes.ts';
import type { Layout } from '../lab/modules.ts';
import type { Timing } from '../lab/timings.ts';
import { count, percent, table } from './text.ts';

export interface LayoutReport {
  names: readonly Layout[];
  metadata: { mix: string; costs: Record<Layout, Cost[]> }[];
  timings: Timing[];
  limits: Record<Layout, string[]>;
}

export interface LabReport {
  node: string;
  layouts?: LayoutReport;
  migration?: Migration[];
  allocations?: Allocation[];
  chains?: Chain[];
}

const mixTitles: Record<string, string> = {
  lab: 'bytes of description: 20 % folios of order 3, 10 % slabs of order 3, 70 % zspages of 16',
  demo: 'bytes of description: the pages of `pageless demo` after loading',
  'order-2': 'bytes of description: folios of order 2',
  single: 'bytes of description: folios of one page',
};

export function describeLab({ layouts, migration, allocations, chains }: LabReport): string[] {
  return [
    ...(layouts === undefined ? [] : describeLayouts(layouts)),
    ...(migration === undefined ? [] : describeMigration(migration)),
    ...(allocations === undefined ? [] : describeAllocations(allocations)),
    ...(chains === undefined ? [] : describeChains(chains)),
  ];
}

function describeLayouts({ names, metadata, timings, limits }: LayoutReport): string[] {
  const titles = ['', ...names];
  const sections = metadata.flatMap(({ mix, costs }) => [
    mixTitles[mix]!,
    ...table([titles, ...costRows(names, costs)], '  '),
    '',
  ]);
  const rows = timings.map(({ name, ns }) => {
    return [name, ...names.map((layout) => nanoseconds(ns[layout]))];
  });
  return [
    ...sections,
    'ns, medians of rounds in turn',
    ...table([titles, ...rows], '  '),
    ...names.flatMap((layout) => ['', `${layout} cannot`, ...limits[layout].map(bullet)]),
  ];
}

function costRows(layouts: readonly Layout[], costs: Record<Layout, Cost[]>): string[][] {
  const rows = costs[layouts[0]!].map(({ name }, index) => {
    return [name, ...layouts.map((layout) => bytesAndShare([costs[layout][index]!]))];
  });
  return [...rows, ['all', ...layouts.map((layout) => bytesAndShare(costs[layout]))]];
}

function bytesAndShare(costs: Cost[]): string {
  const sum = (of: (cost: Cost) => number) => costs.reduce((all, cost) => all + of(cost), 0);
  return `${count(sum((cost) => cost.bytes))}  ${(100 * sum((cost) => cost.share)).toFixed(3)} %`;
}

function describeMigration(migrations: Migration[]): string[] {
  const titles = ['', 'ns', 'bytes kept', 'of 64 with 16 descriptors', 'refused', 'p99', 'longest'];
  const rows = migrations.map(({ name, ns, waitingBytes, doneWith16, refused, busyShare }) => [
    name,
    nanoseconds(ns),
    count(waitingBytes),
    count(doneWith16),
    ...refusals(refused),
    percent(busyShare),
  ]);
  return [
    '',
    'a move of a page: ns, memory kept until its grace period is over, moves that come about when',
    'descriptors run out; how long a reader of that page got no reference (ns: median, p99, longest),',
    'and the share of moves that found a reader there',
    ...table([[...titles, 'busy'], ...rows], '  '),
  ];
}

function refusals({ count: times, median, p99, longest }: Refusals): string[] {
  if (times === 0) return ['never', '–', '–'];
  return [median, p99, longest].map(nanoseconds);
}

function describeAllocations(allocations: Allocation[]): string[] {
  const titles = ['', 'sheaf', 'slab', 'kept', 'record', 'bytes', 'of records'];
  const rows = allocations.map(({ order, ns, bytes }) => [
    `order ${order}`,
    ...[ns.sheaf, ns.slab, ns.kept, ns.record].map(nanoseconds),
    count(bytes.words),
    count(bytes.records),
  ]);
  return [
    '',
    'alloc and free, ns, by where the descriptor comes from; bytes that describe the block',
    ...table([titles, ...rows], '  '),
  ];
}

function describeChains(chains: Chain[]): string[] {
  const titles = ['', 'make and drop', 'list', 'find', 'bytes'];
  const rows = chains.map(({ pages, make, list, find, bytes }) => [
    `${pages} pages`,
    ...[make, list, find].map((pair) => both(pair, nanoseconds)),
    both(bytes, (value) => count(Math.round(value))),
  ]);
  return [
    '',
    'a zspage with one descriptor, and with one a page besides: ns, bytes beside the page words',
    ...table([titles, ...rows], '  '),
  ];
}

function both({ shared, linked }: Pair, text: (value: number) => string): string {
  return `${text(shared)}, ${text(linked)}`;
}

function nanoseconds(ns: number | undefined): string {
  if (ns === undefined) return '–';
  return ns < 100 ? ns.toFixed(1) : count(Math.round(ns));
}

const bullet = (text: string): string => `  - ${text}`;
