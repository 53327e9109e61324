/**
 * A zone's report as text: one column for each moment that it was taken at.
 */
import type { ZoneReport } from '../inspect/zone.ts';
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

/** The report as lines: figures first, then the pages by type, from the page map. */
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
