/**
 * The bytes of an object: a run of bytes in a zspage's chain, in one page or two.
 *
 * A *place* is zspage << 32 | offset of the payload in the chain. It stays true as long as the
 * caller's section, or, for an UNPUBLISHED object, as long as its maker likes.
 */
import { PAGE_BYTES } from '../base/layout';
import { loadCell, peekWord, pokeWord } from '../base/words';
import { CELL_LIVE, cellIndex, cellState, cellZspage } from './handle';
import { chainByteAt, objectWordAt, payloadOffset } from './zspage';

/** True while the handle's object may be found by new readers. */
export function zsIsLive(handle: u32): bool {
  return cellState(loadCell(handle)) == CELL_LIVE;
}

/** Where an object's payload begins. */
export function zsPlace(handle: u32): u64 {
  return placeOf(loadCell(handle));
}

/** The same, by what its cell said. */
export function placeOf(cell: u64): u64 {
  const desc = cellZspage(cell);
  return (u64(desc) << 32) | u64(payloadOffset(desc, cellIndex(cell)));
}

/**
 * Address of payload byte `from`, if `bytes` from there lie in one page; else 0. No bytes have no
 * address: behind the last object of a zspage there is no page, nor an entry in the page list.
 */
export function zsContiguous(place: u64, from: u32, bytes: u32): usize {
  if (bytes == 0) return 0;
  const offset = u32(place) + from;
  if ((offset & (PAGE_BYTES - 1)) + bytes > PAGE_BYTES) return 0;
  return chainByteAt(u32(place >> 32), offset);
}

/** Copies payload bytes out of an object. Cost: one copy for each page touched. */
export function zsRead(place: u64, from: u32, to: usize, bytes: u32): void {
  let offset = u32(place) + from;
  while (bytes != 0) {
    const part = min(bytes, PAGE_BYTES - (offset & (PAGE_BYTES - 1)));
    memory.copy(to, chainByteAt(u32(place >> 32), offset), part);
    offset += part;
    to += part;
    bytes -= part;
  }
}

/** Copies payload bytes into an object that nobody else can find yet. */
export function zsWrite(place: u64, to: u32, from: usize, bytes: u32): void {
  let offset = u32(place) + to;
  while (bytes != 0) {
    const part = min(bytes, PAGE_BYTES - (offset & (PAGE_BYTES - 1)));
    memory.copy(chainByteAt(u32(place >> 32), offset), from, part);
    offset += part;
    from += part;
    bytes -= part;
  }
}

/** Payload word at `from`, a multiple of 4: payloads are 4-byte aligned, so it lies in one page. */
export function zsReadWord(place: u64, from: u32): u32 {
  return peekWord(chainByteAt(u32(place >> 32), u32(place) + from));
}

/** Two of them, the low one first. */
export function zsReadCell(place: u64, from: u32): u64 {
  return u64(zsReadWord(place, from)) | (u64(zsReadWord(place, from + 4)) << 32);
}

export function zsWriteWord(place: u64, to: u32, value: u32): void {
  pokeWord(chainByteAt(u32(place >> 32), u32(place) + to), value);
}

/** The object's own word, which links it in limbo. */
export function zsLinkAt(handle: u32): usize {
  const cell = loadCell(handle);
  return objectWordAt(cellZspage(cell), cellIndex(cell));
}
