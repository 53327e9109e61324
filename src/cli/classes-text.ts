/**
 * A report of zsmalloc as text: a line for each size class in use, and their sums.
 */
import type { ClassReport } from '../inspect/zsmalloc.ts';
import { count, table } from './text.ts';

const eighths = ['<1/8', '<2/8', '<3/8', '<4/8', '<5/8', '<6/8', '<7/8', '<8/8', 'full'];
const sums = ['objectsAllocated', 'objectsUsed', 'pagesUsed', 'freeable'] as const;

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
