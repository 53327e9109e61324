/**
 * Bitmaps of 512 bits: which objects of a slab or a zspage are in use.
 *
 * Eight cells of 64 bits, 1 = in use, at an address that the caller names. Plain accesses: the
 * caller holds the lock that protects the bitmap.
 */
import { peekCell, pokeCell } from './words';

export const BITMAP_BYTES: u32 = 64;
const CELLS: u32 = 8;

function cellAt(bitmap: usize, index: u32): usize {
  return bitmap + (index >> 6) * 8;
}

function bit(index: u32): u64 {
  return (<u64>1) << u64(index & 63);
}

export function isBitSet(bitmap: usize, index: u32): bool {
  return (peekCell(cellAt(bitmap, index)) & bit(index)) != 0;
}

export function setBit(bitmap: usize, index: u32): void {
  pokeCell(cellAt(bitmap, index), peekCell(cellAt(bitmap, index)) | bit(index));
}

export function clearBit(bitmap: usize, index: u32): void {
  pokeCell(cellAt(bitmap, index), peekCell(cellAt(bitmap, index)) & ~bit(index));
}

/** Lowest bit that is 0; there is one. */
export function lowestClear(bitmap: usize): u32 {
  let index: u32 = 0;
  while (peekCell(cellAt(bitmap, index)) == u64.MAX_VALUE) index += 64;
  return index + u32(ctz(~peekCell(cellAt(bitmap, index))));
}

export function countSet(bitmap: usize): u32 {
  let sum: u64 = 0;
  for (let cell: u32 = 0; cell < CELLS; cell++) sum += popcnt(peekCell(bitmap + cell * 8));
  return u32(sum);
}

export function clearBitmap(bitmap: usize): void {
  memory.fill(bitmap, 0, BITMAP_BYTES);
}
