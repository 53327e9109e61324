/**
 * Size classes, slabs and free blocks, as tables that are sorted by what they waste.
 */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Tables } from '../inspect/figures.ts';
import type { MemoryClass } from '../reports/frames.ts';
import { count, percent } from './text.ts';

interface Column<Row> {
  name: string;
  value: (row: Row) => number | string;
  text?: (row: Row) => string;
}

interface SortedProps<Row> {
  caption: string;
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  /** The column that the table is sorted by at first, falling. */
  first: number;
}

/** Rows in the order of what a column says of them; equal ones stay as they are. */
function inOrder<Row>(rows: readonly Row[], { value }: Column<Row>, isRising: boolean): Row[] {
  return rows.toSorted((a, b) => {
    const [left, right] = [value(a), value(b)];
    const order = left < right ? -1 : Number(left > right);
    return isRising ? order : -order;
  });
}

interface HeadProps {
  names: readonly string[];
  by: number;
  isRising: boolean;
  sort: (order: [by: number, isRising: boolean]) => void;
}

/** Names of columns, each a button: the one that sorts turns round, another begins falling. */
function Head({ names, by, isRising, sort }: HeadProps): JSX.Element {
  const direction = isRising ? 'ascending' : 'descending';
  return (
    <thead>
      <tr>
        {names.map((name, i) => (
          <th key={name} scope="col" aria-sort={i === by ? direction : undefined}>
            <button type="button" onClick={() => sort([i, i === by ? !isRising : false])}>
              {name}
              <span aria-hidden="true">{i === by ? (isRising ? ' ▲' : ' ▼') : ''}</span>
            </button>
          </th>
        ))}
      </tr>
    </thead>
  );
}

/** A table that any of its columns sorts. */
function Sorted<Row>({ caption, rows, columns, first }: SortedProps<Row>): JSX.Element {
  const [[by, isRising], sort] = useState<[number, boolean]>([first, false]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="scroll" tabIndex={0} aria-label={caption}>
      <table>
        <caption class="hidden">{caption}</caption>
        <Head names={columns.map(({ name }) => name)} {...{ by, isRising, sort }} />
        <tbody>
          {inOrder(rows, columns[by]!, isRising).map((row) => (
            <tr key={String(columns[0]!.value(row))}>
              {columns.map((column) => (
                <td key={column.name}>{textOf(column, row)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 && <p class="dim">None.</p>}
    </section>
  );
}

function textOf<Row>({ value, text }: Column<Row>, row: Row): string {
  if (text) return text(row);
  const plain = value(row);
  return typeof plain === 'number' ? count(plain) : plain;
}

const share = (used: number, of: number): number => (of === 0 ? 1 : used / of);

type ClassRow = Tables['classes'][number];
const classColumns: Column<ClassRow>[] = [
  { name: 'Bytes', value: (row) => row.size },
  { name: 'Used', value: (row) => row.objectsUsed },
  { name: 'Objects', value: (row) => row.objectsAllocated },
  {
    name: 'Filled',
    value: (row) => share(row.objectsUsed, row.objectsAllocated),
    text: (row) => percent(share(row.objectsUsed, row.objectsAllocated)),
  },
  { name: 'Pages', value: (row) => row.pagesUsed },
  { name: 'Pages to gain', value: (row) => row.freeable },
];

export function ClassTable({ tables }: { tables: Tables | undefined }): JSX.Element {
  const rows = tables?.classes ?? [];
  return <Sorted caption="Size classes" rows={rows} columns={classColumns} first={5} />;
}

type SlabRow = Tables['slabs'][number];
const idleBytes = (row: SlabRow): number => (row.objects - row.activeObjects) * row.objectBytes;
const slabColumns: Column<SlabRow>[] = [
  { name: 'Cache', value: (row) => row.name },
  { name: 'Bytes', value: (row) => row.objectBytes },
  { name: 'Active', value: (row) => row.activeObjects },
  { name: 'At hand', value: (row) => row.sheavedObjects },
  { name: 'Objects', value: (row) => row.objects },
  { name: 'Pages', value: (row) => row.slabs },
  {
    name: 'Idle KiB',
    value: idleBytes,
    text: (row) => count(idleBytes(row) / 1024),
  },
];

export function SlabTable({ tables }: { tables: Tables | undefined }): JSX.Element {
  const rows = tables?.slabs ?? [];
  return <Sorted caption="Caches of objects" rows={rows} columns={slabColumns} first={6} />;
}

const classes: MemoryClass[] = ['unmovable', 'movable', 'huge', 'free'];

export function FragmentationTable({ tables }: { tables: Tables | undefined }): JSX.Element {
  if (!tables) return <p class="dim">None yet.</p>;
  const heads = ['Order', 'Free blocks', ...classes, 'Unusable'];
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="scroll" tabIndex={0} aria-label="Free blocks by order">
      <table>
        <caption class="hidden">Free blocks by order</caption>
        <thead>
          <tr>
            {heads.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{tables.buddies.freeBlocks.map((_, order) => orderRow(tables, order))}</tbody>
        <tfoot>
          <tr>
            <th scope="row">2 MiB</th>
            <td>blocks</td>
            {classes.map((name) => (
              <td key={name}>{count(tables.blocks[name].children)}</td>
            ))}
            <td />
          </tr>
        </tfoot>
      </table>
    </section>
  );
}

function orderRow({ buddies, blocks }: Tables, order: number): JSX.Element {
  return (
    <tr key={order}>
      <th scope="row">{order}</th>
      <td>{count(buddies.freeBlocks[order]!)}</td>
      {classes.map((name) => (
        <td key={name}>{count(blocks[name].freeBlocks[order]!)}</td>
      ))}
      <td>{percent(buddies.unusable[order]!)}</td>
    </tr>
  );
}
