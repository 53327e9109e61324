/**
 * Bitmaps: which objects of a zspage are in use.
 *
 * Cells of 64 bits, 1 = in use, as many as the caller has, at an address that it names. Plain
 * accesses: the caller holds the lock that protects the bitmap.
 */
import { peekCell, pokeCell } from './words';

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
