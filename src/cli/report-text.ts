/**
 * Reports as text: of a zone, its free memory, its caches of objects and its size classes.
 */
import type { BuddyInfo, PageTypeInfo } from '../reports/frames.ts';
import type { SlabInfo } from '../reports/slab.ts';
import type { ZoneReport } from '../reports/zone.ts';
import type { ClassReport } from '../reports/zsmalloc.ts';
import { formatSize } from '../sizes.ts';
import { count, megabytes, percent, table } from './text.ts';

/** A report and what to call it; an empty title for the only one. */
export interface ZoneColumn {
  title: string;
  report: ZoneReport;
}

const figures: [name: string, figure: (zone: ZoneReport) => string][] = [
  ['zone', (zone) => formatSize(zone.bytes)],
  ['free', (zone) => formatSize((zone.bytes / zone.pages) * zone.freePages)],
  ['fixed metadata', (zone) => formatSize(zone.fixedMetadataBytes)],
  ['fixed metadata, share', (zone) => percent(zone.fixedMetadataShare)],
  ['threads', (zone) => count(zone.threads)],
  ['entries', (zone) => count(zone.entries)],
  ['values, original', (zone) => megabytes(zone.valueBytes)],
  ['keys', (zone) => megabytes(zone.keyBytes)],
  ['stored, index included', (zone) => megabytes(zone.storedBytes)],
  ['compression ratio', (zone) => zone.compressionRatio.toFixed(2)],
  ['sets', (zone) => count(zone.sets)],
  ['refusals', (zone) => count(zone.refusals)],
  ['hits', (zone) => count(zone.hits)],
  ['misses', (zone) => count(zone.misses)],
  ['deletes', (zone) => count(zone.deletes)],
  ['evictions', (zone) => count(zone.evictions)],
  ['values in limbo', (zone) => count(zone.limbo.values)],
  ['waits for limbo', (zone) => count(zone.limboWaits)],
  ['bytes in', (zone) => megabytes(zone.bytesIn)],
  ['bytes out', (zone) => megabytes(zone.bytesOut)],
];

/**
 * A zone: figures, then the pages by type, from the page map; a column for each moment that it was
 * taken at.
 */
export function describeZone(columns: ZoneColumn[]): string[] {
  const rows = figures.map(([name, figure]) => [name, ...columns.map((c) => figure(c.report))]);
  const titles = columns.some(({ title }) => title !== '')
    ? [['', ...columns.map(({ title }) => title)]]
    : [];
  return table([...titles, ...rows, ['pages of 4 KiB'], ...pageRows(columns)]);
}

function pageRows(columns: ZoneColumn[]): string[][] {
  const uses = new Set(columns.flatMap(({ report }) => Object.keys(report.pagesByUse)));
  const rows = [...uses].map((use) => [
    `  ${use}`,
    ...columns.map(({ report }) => pagesOf(report, report.pagesByUse[use] ?? 0)),
  ]);
  return [...rows, ['  all', ...columns.map(({ report }) => pagesOf(report, report.pages))]];
}

function pagesOf(zone: ZoneReport, pages: number): string {
  return `${count(pages)}  ${((100 * pages) / zone.pages).toFixed(2).padStart(6)} %`;
}

function byOrder(values: readonly unknown[]): string[] {
  return ['order', ...values.map((_, order) => String(order))];
}

/** Free memory: a column for each order. */
export function describeBuddies(info: BuddyInfo): string[] {
  return [
    `${count(info.freePages)} pages free, ${count(info.stockedPages)} of them in stocks of threads`,
    `${count(info.minPages)} for urgent allocations only`,
    ...table([
      byOrder(info.freeBlocks),
      ['free blocks', ...info.freeBlocks.map(count)],
      ['fragmentation index', ...info.fragmentation.map((index) => index.toFixed(3))],
      ['unusable free', ...info.unusable.map((share) => share.toFixed(3))],
    ]),
  ];
}

/** The same by class: a line for each. */
export function describePageTypes(info: PageTypeInfo): string[] {
  const rows = Object.entries(info).map(([name, { children, freeBlocks }]) => {
    return [name, ...freeBlocks.map(count), count(children)];
  });
  return table([[...byOrder(info.free.freeBlocks), 'blocks of 2 MiB'], ...rows]);
}

const slabColumns: [title: string, figure: (cache: SlabInfo) => string][] = [
  ['name', (cache) => cache.name],
  ['active', (cache) => count(cache.activeObjects)],
  ['sheaves', (cache) => count(cache.sheavedObjects)],
  ['objects', (cache) => count(cache.objects)],
  ['size', (cache) => count(cache.objectBytes)],
  ['per slab', (cache) => count(cache.objectsPerSlab)],
  ['slabs', (cache) => count(cache.slabs)],
  ['barn', (cache) => count(cache.barnSheaves)],
  ['used', (cache) => percent(cache.objects === 0 ? 0 : cache.activeObjects / cache.objects)],
];

/** A line for each cache, like `/proc/slabinfo`, and what it wastes. */
export function describeSlabs(caches: SlabInfo[]): string[] {
  const rows = caches.map((cache) => slabColumns.map(([, figure]) => figure(cache)));
  return table([slabColumns.map(([title]) => title), ...rows]);
}

const eighths = ['<1/8', '<2/8', '<3/8', '<4/8', '<5/8', '<6/8', '<7/8', '<8/8', 'full'];
const sums = ['objectsAllocated', 'objectsUsed', 'pagesUsed', 'freeable'] as const;

/** zsmalloc: a line for each size class in use, and their sums. */
export function describeClasses(classes: ClassReport[]): string[] {
  const titles = ['class', 'size', ...eighths, 'obj_allocated', 'obj_used', 'pages_used'];
  const rows = classes.map((one) => [
    `${one.class}`,
    `${one.size}`,
    ...one.zspagesByEighths.map(count),
    count(one.objectsAllocated),
    count(one.objectsUsed),
    count(one.pagesUsed),
    `${one.pagesPerZspage}`,
    count(one.freeable),
  ]);
  const [allocated, used, pages, freeable] = sums.map((name) =>
    count(classes.reduce((sum, one) => sum + one[name], 0)),
  );
  const total = ['total', '', ...eighths.map(() => ''), allocated!, used!, pages!, '', freeable!];
  return table([[...titles, 'pages_per_zspage', 'freeable'], ...rows, total]);
}
