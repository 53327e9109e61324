/** Objects of zsmalloc, looked at from below: cells, classes, bytes by the kernel's own handles. */
import * as facts from '../../src/generated/facts.ts';
import { bytesOf, offsetOf } from './structures.ts';
import type { TestZone } from './zone.ts';

export interface Cell {
  state: number;
  generation: number;
  unused: number;
  index: number;
  zspage: number;
}

export function cellOf(zone: TestZone, handle: number): Cell {
  const { words } = zone;
  const cell = (BigInt(words[handle / 4 + 1]!) << 32n) | BigInt(words[handle / 4]!);
  const state = Number(cell & 7n);
  const seen = {
    state,
    generation: Number((cell >> 3n) & 0xffffn),
    unused: Number((cell >> 19n) & 511n),
  };
  if (state === facts.CELL_FREE) return { ...seen, index: 0, zspage: 0 };
  if (cell >> 63n !== 0n) {
    const zspage = Number((cell >> 36n) & 0x7ff_ffffn) * 32;
    return { ...seen, index: Number((cell >> 28n) & 255n), zspage };
  }
  const address = Number(cell >> 33n) * 4;
  const zspage = zspageOn(zone, Math.floor(address / facts.PAGE_BYTES));
  const offset =
    Number((cell >> 29n) & 15n) * facts.PAGE_BYTES + (address & (facts.PAGE_BYTES - 1));
  return { ...seen, index: Math.floor(offset / slotBytesIn(zone, zspage)), zspage };
}

/** The zspage that a page's word names. */
function zspageOn({ kernel }: TestZone, pfn: number): number {
  return (kernel.pageWordOf(pfn) & ~facts.TYPE_MASK) >>> 0;
}

function slotBytesIn({ words }: TestZone, zspage: number): number {
  const sizeClass = words[(zspage + offsetOf('Header', 'pfn')) / 4]! & facts.ZSPAGE_CLASS_MASK;
  const shapes = words[(facts.ZS_STATE + offsetOf('ZsState', 'shapes')) / 4]!;
  return words[shapes / 4 + sizeClass]! & 0x1fff;
}

export interface Tally {
  objectBytes: number;
  pagesPerZspage: number;
  objectsPerZspage: number;
  used: number;
  pages: number;
  zspages: number;
}

const tallyBytes = bytesOf('ClassTally');

/** Figures of all classes, over all pools or of one. */
export function tallyAll({ kernel, words }: TestZone, pool = 0): Tally[] {
  const classes = kernel.zsTally(pool);
  return Array.from({ length: classes }, (_, sizeClass) => {
    const at = (kernel.outputScratch() >>> 0) + sizeClass * tallyBytes;
    const read = (field: string): number => words[(at + offsetOf('ClassTally', field)) / 4]!;
    return {
      objectBytes: read('objectBytes'),
      pagesPerZspage: read('pagesPerZspage'),
      objectsPerZspage: read('objectsPerZspage'),
      used: read('used'),
      pages: read('pages'),
      zspages: read('zspages'),
    };
  });
}

export function tallyOf(zone: TestZone, sizeClass: number): Tally {
  return tallyAll(zone)[sizeClass]!;
}

/** Payload of a class that is filled to the last byte. */
export function fullPayload(objectBytes: number): number {
  return objectBytes === facts.PAGE_BYTES ? objectBytes : objectBytes - facts.OBJECT_HEADER_BYTES;
}

export function patternOf(seed: number, n: number): Uint8Array {
  return Uint8Array.from({ length: n }, (_, i) => (seed * 151 + i * 7 + (i >> 8)) & 255);
}

export function writeObject({ kernel, bytes }: TestZone, handle: number, value: Uint8Array): void {
  bytes.set(value, kernel.inputScratch());
  kernel.zsWrite(kernel.zsPlace(handle), 0, kernel.inputScratch(), value.length);
  kernel.zsSettle(handle);
}

export function readObject({ kernel, bytes }: TestZone, handle: number, n: number): Uint8Array {
  bytes.fill(0xee, kernel.outputScratch(), kernel.outputScratch() + n);
  kernel.zsRead(kernel.zsPlace(handle), 0, kernel.outputScratch(), n);
  return bytes.slice(kernel.outputScratch(), kernel.outputScratch() + n);
}
