/**
 * `pageless layout`: the kernel's structures, field by field, and where everything stands in a
 * zone.
 *
 * The structures come from the kernel's sources, the picture from a zone that is made for the
 * purpose and thrown away: nothing here computes a layout a second time.
 */
import { Arena } from '../arena/arena.ts';
import * as facts from '../generated/facts.ts';
import { formatSize } from '../sizes.ts';
import { count, percent, table } from './text.ts';

interface Region {
  name: string;
  from: number;
  bytes: number;
}

export function layout(options: { size: number; json?: boolean }): number {
  const picture = regionsOf(options.size);
  if (options.json) {
    const { structures, FORMAT_VERSION: formatVersion, PAGE_BYTES: pageBytes } = facts;
    console.log(JSON.stringify({ formatVersion, pageBytes, picture, structures }));
    return 0;
  }
  const lines = facts.structures.flatMap((structure) => [...describeStructure(structure), '']);
  console.log([...lines, ...describePicture(picture)].join('\n'));
  return 0;
}

/** State records in page 0, by the constant that names their place. */
const records: [name: string, at: number][] = [
  ['superblock', facts.SUPERBLOCK],
  ['read sections', facts.RCU_STATE],
  ['limbo', facts.LIMBO_STATE],
  ['slab', facts.SLAB_STATE],
  ['zsmalloc', facts.ZS_STATE],
  ['store', facts.STORE_STATE],
  ['threads, then unused', facts.THREADS_STATE],
];

/** What stands where, in ascending order and without a gap. */
function regionsOf(size: number): Region[] {
  using arena = new Arena({ size });
  const superblock = new Uint32Array(arena.memory.buffer);
  const field = (name: string) => superblock[fieldOffset('Superblock', name) >> 2]!;
  const starts: [string, number][] = [
    ...records,
    ['thread slots', facts.SLOT_TABLE],
    ['page map', facts.PAGE_MAP],
    ['frame bits', field('frameBits')],
    ['counters of children and trees, then unused', field('counters')],
    ['pages', field('firstPfn') * facts.PAGE_BYTES],
  ];
  return starts.map(([name, from], index) => {
    const end = starts[index + 1]?.[1] ?? arena.size;
    return { name, from, bytes: end - from };
  });
}

function fieldOffset(structure: string, field: string): number {
  const found = facts.structures.find(({ name }) => name === structure);
  return found!.fields.find(({ name }) => name === field)!.offset;
}

function describeStructure({ name, bytes, fields }: facts.StructureFacts): string[] {
  const width = Math.max(...fields.map((field) => field.type.length));
  const lines = fields.map(({ offset, type, name: field }) => {
    return `${String(offset).padStart(6)}  ${type.padEnd(width)}  ${field}`;
  });
  return [`${name}, ${bytes} bytes`, ...lines];
}

function describePicture(picture: Region[]): string[] {
  const pages = picture.at(-1)!;
  const size = pages.from + pages.bytes;
  const rows = picture.map(({ name, from, bytes }) => {
    return [name, count(from), formatSize(bytes), percent(bytes / size)];
  });
  const first = pages.from / facts.PAGE_BYTES;
  return [
    `A zone of ${formatSize(size)}: ${count(size / facts.PAGE_BYTES)} pages of 4 KiB`,
    ...table([['', 'from byte', 'size', 'share'], ...rows], '  '),
    `  page ${first} is the first that can be allocated; below it is all fixed metadata`,
  ];
}
