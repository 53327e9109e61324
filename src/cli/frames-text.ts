/** Free memory as text: a line for each class or index, a column for each order. */
import type { BuddyInfo, PageTypeInfo } from '../inspect/frames.ts';
import { count, table } from './text.ts';

function columns(values: readonly unknown[]): string[] {
  return ['order', ...values.map((_, order) => String(order))];
}

export function describeBuddies(info: BuddyInfo): string[] {
  return [
    `${count(info.freePages)} pages free, ${count(info.stockedPages)} of them in stocks of threads`,
    `${count(info.minPages)} for urgent allocations only`,
    ...table([
      columns(info.freeBlocks),
      ['free blocks', ...info.freeBlocks.map(count)],
      ['fragmentation index', ...info.fragmentation.map((index) => index.toFixed(3))],
      ['unusable free', ...info.unusable.map((share) => share.toFixed(3))],
    ]),
  ];
}

export function describePageTypes(info: PageTypeInfo): string[] {
  const rows = Object.entries(info).map(([name, { children, freeBlocks }]) => {
    return [name, ...freeBlocks.map(count), count(children)];
  });
  return table([[...columns(info.free.freeBlocks), 'blocks of 2 MiB'], ...rows]);
}
