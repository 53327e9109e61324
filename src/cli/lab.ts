/**
 * `pageless lab`: the same work on three layouts of what describes a page, side by side.
 *
 * Bytes of description for two mixes of pages, ns of the operations, and what each layout cannot do.
 * The modules are loaded when the command runs: nobody else pays for them.
 */
import type { Cost } from '../lab/mixes.ts';
import type { Layout } from '../lab/modules.ts';
import type { Timing } from '../lab/timings.ts';
import { count, table } from './text.ts';

export interface LabReport {
  node: string;
  layouts: readonly Layout[];
  metadata: { mix: string; costs: Record<Layout, Cost[]> }[];
  timings: Timing[];
  limits: Record<Layout, string[]>;
}

/** What each cannot do, and what it asks for instead. */
const limits: Record<Layout, string[]> = {
  'one-word': [
    'say anything of one page of a block: the block has to be split first, and each part needs a ' +
      'descriptor',
    'describe a page for nothing: a folio of one page costs 32 bytes more, 0.8 %',
    'allocate without a descriptor at hand: want of 32 bytes is want of memory',
  ],
  'two-word': [
    'do what one word cannot do either, and it takes twice the map for free pages, too',
    'read or write both words of a page as one: readers must bear every mixture',
  ],
  'struct-page': [
    'move pages and leave their description where it is: every holder has to be told',
    'describe pages together that do not follow each other: a zspage has a lock for each page',
    'give an owner more than 64 bytes a page, or a free page less',
  ],
};

const mixTitles: Record<string, string> = {
  lab: 'bytes of description: 20 % folios of order 3, 10 % slabs of order 3, 70 % zspages of 16',
  demo: 'bytes of description: the pages of `pageless demo` after loading',
};

export async function lab(options: { json?: boolean }): Promise<number> {
  const { layouts } = await import('../lab/modules.ts');
  const { costOf, demoMix, labMix } = await import('../lab/mixes.ts');
  const { defaultPlan, measure } = await import('../lab/timings.ts');
  const byLayout = <Value>(of: (layout: Layout) => Value) =>
    Object.fromEntries(layouts.map((layout) => [layout, of(layout)])) as Record<Layout, Value>;
  const metadata = [labMix, demoMix].map((mix) => {
    return { mix: mix.name, costs: byLayout((layout) => costOf(layout, mix)) };
  });
  const timings = measure(layouts, defaultPlan);
  const report: LabReport = { node: process.version, layouts, metadata, timings, limits };
  console.log(options.json ? JSON.stringify(report) : describeLab(report).join('\n'));
  return 0;
}

function describeLab({ layouts, metadata, timings }: LabReport): string[] {
  const titles = ['', ...layouts];
  const sections = metadata.flatMap(({ mix, costs }) => [
    mixTitles[mix]!,
    ...table([titles, ...costRows(layouts, costs)], '  '),
    '',
  ]);
  const rows = timings.map(({ name, ns }) => {
    return [name, ...layouts.map((layout) => nanoseconds(ns[layout]))];
  });
  return [
    ...sections,
    'ns, medians of rounds in turn',
    ...table([titles, ...rows], '  '),
    ...layouts.flatMap((layout) => ['', `${layout} cannot`, ...limits[layout].map(bullet)]),
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

function nanoseconds(ns: number | undefined): string {
  if (ns === undefined) return '–';
  return ns < 100 ? ns.toFixed(1) : count(Math.round(ns));
}

const bullet = (text: string): string => `  - ${text}`;
