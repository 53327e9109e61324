/**
 * `pageless lab`: the same work in other ways, side by side.
 *
 * Three layouts of what describes a page: bytes for four mixes, ns of the operations, and what each
 * cannot do. With `--migration` the ways to move a page; with `--all` those, where descriptors come
 * from, and zspages described page by page. The modules are loaded when the command runs: nobody
 * else pays for them.
 */
import type { Layout } from '../lab/modules.ts';
import { describeLab, type LabReport, type LayoutReport } from './lab-text.ts';

export interface LabOptions {
  migration?: boolean;
  all?: boolean;
  json?: boolean;
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

export async function lab({ migration, all, json }: LabOptions): Promise<number> {
  const { defaultPlan } = await import('../lab/rounds.ts');
  const report: LabReport = { node: process.version };
  if (all || !migration) report.layouts = await compareLayouts();
  if (all || migration) {
    const { measureMigration } = await import('../lab/migration.ts');
    report.migration = await measureMigration(defaultPlan);
  }
  if (all) {
    const { measureAllocations, measureChains } = await import('../lab/allocations.ts');
    report.allocations = measureAllocations(defaultPlan);
    report.chains = measureChains(defaultPlan);
  }
  console.log(json ? JSON.stringify(report) : describeLab(report).join('\n').trimStart());
  return 0;
}

async function compareLayouts(): Promise<LayoutReport> {
  const { layouts } = await import('../lab/modules.ts');
  const { costOf, mixes } = await import('../lab/mixes.ts');
  const { defaultPlan } = await import('../lab/rounds.ts');
  const { measure } = await import('../lab/timings.ts');
  const byLayout = <Value>(of: (layout: Layout) => Value) =>
    Object.fromEntries(layouts.map((layout) => [layout, of(layout)])) as Record<Layout, Value>;
  const metadata = mixes.map((mix) => {
    return { mix: mix.name, costs: byLayout((layout) => costOf(layout, mix)) };
  });
  return { names: layouts, metadata, timings: measure(layouts, defaultPlan), limits };
}
