/**
 * The lab's modules: the same loops over three layouts, each over a memory of its own.
 *
 * Nothing that the library exports imports this file: the modules are the command line's and the
 * benches' alone.
 */

import { brotliDecompressSync } from 'node:zlib';
import { CHILD_PAGES } from '../generated/facts.ts';
import { labBytes, labWasm } from '../generated/lab-wasm.ts';

export type Layout = keyof typeof labBytes;

export const layouts: readonly Layout[] = ['one-word', 'two-word', 'struct-page'];

/** What kernel/lab/index.ts exports; it says what each does. */
export interface LabExports {
  format(): number;
  join(owner: number): number;
  openScheme(): number;
  setStage(): number;
  emptyCall(): void;
  bareCall(): void;
  descriptorPairs(pairs: number): void;
  allocFree(order: number, pairs: number): void;
  lookUp(first: number, start: number, pages: number, looks: number): number;
  findOwner(first: number, start: number, pages: number, looks: number): number;
  pinUnpin(first: number, start: number, pages: number, pairs: number): void;
  pinOnce(pfn: number): number;
  unpinOnce(block: number): void;
  lockUnlock(first: number, start: number, pages: number, pairs: number): void;
  fight(pfn: number, hold: number, times: number): void;
  fought(pfn: number): number;
  make(order: number, from: number, to: number): number;
  split(count: number): void;
  drop(count: number, parts: number): void;
  notedPage(index: number): number;
  evacuate(first: number, pages: number): number;
  fill(kind: number, order: number, chain: number, pages: number): number;
  freePages(): number;
  pageCount(): number;
  mapBytes(): number;
  frameBytes(): number;
  openTable(): number;
  useTable(table: number, records: number): void;
  recordsOfPages(): number;
  makeBlocks(count: number): number;
  readBlock(index: number): number;
  blockPage(index: number): number;
  moveBlocks(way: number, from: number, to: number): number;
  limitDescriptors(count: number): void;
  waitingBytes(): number;
  settle(): void;
  markPage(pfn: number): number;
  isMarked(index: number): number;
  makeNamed(identity: number): number;
  freeNamed(desc: number): void;
  markBroken(way: number, pfn: number): number;
  brokenIdentity(desc: number): number;
  allocFreeFrom(source: number, order: number, pairs: number): void;
  dropKept(order: number): number;
  makeChains(kind: number, pages: number, count: number): number;
  dropChains(kind: number, pages: number, count: number): void;
  chainPairs(kind: number, pages: number, pairs: number): void;
  listChains(kind: number, pages: number, count: number): number;
  findZspages(kind: number, count: number): number;
}

/** In units of 64 KiB: 256 MiB, the most that records in one block can describe. */
export const LAB_WASM_PAGES = 4096;

export function compileLab(layout: Layout): WebAssembly.Module {
  const whole = brotliDecompressSync(Buffer.from(labWasm, 'base64'));
  let start = 0;
  for (const before of layouts.slice(0, layouts.indexOf(layout))) start += labBytes[before];
  return new WebAssembly.Module(whole.subarray(start, start + labBytes[layout]));
}

export function createLabMemory(wasmPages: number = LAB_WASM_PAGES): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: wasmPages, maximum: wasmPages, shared: true });
}

/** A zone with its first thread in it, owner 1. */
export function openLab(module: WebAssembly.Module, memory: WebAssembly.Memory): LabExports {
  const lab = instantiate(module, memory);
  const isOpen = lab.format() === 0 && lab.join(1) === 1 && lab.openScheme() === 1;
  if (!isOpen) throw new Error('the zone is too small for a lab');
  return lab;
}

/** A further thread's instance over the same zone; where records are it learns by `useTable`. */
export function joinLab(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  owner: number,
): LabExports {
  const lab = instantiate(module, memory);
  if (lab.join(owner) < 1) throw new Error('the zone has no page for another thread');
  return lab;
}

/** Pages in a row, within 2 MiB. */
export interface Range {
  first: number;
  end: number;
}

/** Where the first `count` noted blocks are: a range in each child of 2 MiB. */
export function rangesOf(lab: LabExports, count: number): Range[] {
  const ranges = new Map<number, Range>();
  for (let index = 0; index < count; index++) {
    const pfn = lab.notedPage(index);
    const child = Math.floor(pfn / CHILD_PAGES);
    const { first, end } = ranges.get(child) ?? { first: pfn, end: pfn };
    ranges.set(child, { first: Math.min(first, pfn), end: Math.max(end, pfn + 1) });
  }
  return [...ranges.values()];
}

/** Moves what is in these ranges elsewhere. @returns pages; 0 where they cannot be moved */
export function evacuateAll(lab: LabExports, ranges: readonly Range[]): number {
  return ranges.reduce((moved, { first, end }) => moved + lab.evacuate(first, end - first), 0);
}

function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): LabExports {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return exports as unknown as LabExports;
}
