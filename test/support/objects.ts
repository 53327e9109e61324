/** Objects of zsmalloc, looked at from below: cells, classes, bytes by the kernel's own handles. */
import * as facts from '../../src/generated/facts.ts';
import { offsetOf, type TestZone } from './zone.ts';

export interface Cell {
  state: number;
  generation: number;
  unused: number;
  index: number;
  zspage: number;
}

export function cellOf({ words }: TestZone, handle: number): Cell {
  const cell = (BigInt(words[handle / 4 + 1]!) << 32n) | BigInt(words[handle / 4]!);
  return {
    state: Number(cell & 7n),
    generation: Number((cell >> 3n) & 0xffffn),
    unused: Number((cell >> 19n) & 511n),
    index: Number((cell >> 28n) & 511n),
    zspage: Number(cell >> 37n) * 32,
  };
}

export interface Tally {
  objectBytes: number;
  pagesPerZspage: number;
  slotsPerZspage: number;
  used: number;
  pages: number;
  zspages: number;
}

const tallyBytes = facts.structures.find(({ name }) => name === 'ClassTally')!.bytes;

/** Figures of all classes, over all pools or of one. */
export function tallyAll({ kernel, words }: TestZone, pool = 0): Tally[] {
  const classes = kernel.zsTally(pool);
  return Array.from({ length: classes }, (_, sizeClass) => {
    const at = (kernel.outputScratch() >>> 0) + sizeClass * tallyBytes;
    const read = (field: string): number => words[(at + offsetOf('ClassTally', field)) / 4]!;
    return {
      objectBytes: read('objectBytes'),
      pagesPerZspage: read('pagesPerZspage'),
      slotsPerZspage: read('slotsPerZspage'),
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
