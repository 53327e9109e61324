/**
 * The bytes of an object: a run of bytes in a zspage's chain, in one page or two.
 *
 * A *place* is the address of the payload and, in the upper half, of the page where it goes on; 0 =
 * nowhere. It stays true as long as the caller's section, or, for an UNPUBLISHED object, as long as
 * its maker likes.
 */
import { Cell, Desc, Handle, PAGE_BYTES, PAGE_SHIFT, Place, pageAddress } from '../base/layout';
import {
  loadCell,
  loadWord,
  peekHalf,
  peekWord,
  pokeHalf,
  pokeWord,
  storeWord,
} from '../base/words';
import {
  CELL_LIVE,
  cellAddress,
  cellChainPage,
  cellState,
  goneIndex,
  goneZspage,
  isByIndex,
  isInOnePage,
} from './handle';
import { zspageIn } from './place';
import { shapePages } from './size-class';
import { chainByteAt, objectWordAt, payloadOffset, zspagePage, zspageShape } from './zspage';

/** True while the handle's object may be found by new readers. */
export function zsIsLive(handle: Handle): bool {
  return cellState(loadCell(handle)) == CELL_LIVE;
}

/**
 * Where an object's payload is.
 * Cost: the cell; of an object that goes on in another page, a page word and a descriptor, too.
 */
export function zsPlace(handle: Handle): Place {
  const cell = loadCell(handle);
  return isInOnePage(cell) ? u64(cellAddress(cell)) : searchPlace(handle, cell);
}

/** Progress: a round is lost to a move of the page. */
function searchPlace(handle: Handle, cell: Cell): u64 {
  while (true) {
    const desc = zspageIn(cell);
    if (desc != 0) return placeOf(cell, desc);
    cell = loadCell(handle);
    if (isInOnePage(cell)) return u64(cellAddress(cell));
  }
}

/** What a cell of this zspage says. */
export function placeOf(cell: Cell, desc: Desc): Place {
  if (isByIndex(cell)) return placeIn(desc, goneIndex(cell));
  if (isInOnePage(cell)) return u64(cellAddress(cell));
  const next = zspagePage(desc, cellChainPage(cell) + 1);
  return (u64(pageAddress(next)) << 32) | u64(cellAddress(cell));
}

/** The place of the object with an index. */
export function placeIn(desc: Desc, index: u32): u64 {
  const offset = payloadOffset(desc, index);
  const next = (offset >> PAGE_SHIFT) + 1;
  const page = next < shapePages(zspageShape(desc)) ? zspagePage(desc, next) : 0;
  return (u64(pageAddress(page)) << 32) | u64(chainByteAt(desc, offset));
}

/** Address of payload byte `from`; the bytes go on to the end of that page. */
function byteAt(place: Place, from: u32): usize {
  const at = (u32(place) & (PAGE_BYTES - 1)) + from;
  return at < PAGE_BYTES ? u32(place) + from : u32(place >> 32) + at - PAGE_BYTES;
}

/**
 * Address of payload byte `from`, if `bytes` from there lie in one page; else 0. No bytes have no
 * address: behind the last object of a zspage there is no page.
 */
export function zsContiguous(place: Place, from: u32, bytes: u32): usize {
  if (bytes == 0) return 0;
  const offset = u32(place) + from;
  if ((offset & (PAGE_BYTES - 1)) + bytes > PAGE_BYTES) return 0;
  return byteAt(place, from);
}

/** Bytes from one of the payload to the end of its page. */
export function toPageEnd(place: Place, from: u32): u32 {
  return PAGE_BYTES - ((u32(place) + from) & (PAGE_BYTES - 1));
}

/** Copies payload bytes out of an object. Cost: one copy for each page touched. */
export function zsRead(place: Place, from: u32, to: usize, bytes: u32): void {
  while (bytes != 0) {
    const part = min(bytes, toPageEnd(place, from));
    memory.copy(to, byteAt(place, from), part);
    from += part;
    to += part;
    bytes -= part;
  }
}

/** Copies payload bytes into an object that nobody else can find yet. */
export function zsWrite(place: Place, to: u32, from: usize, bytes: u32): void {
  while (bytes != 0) {
    const part = min(bytes, toPageEnd(place, to));
    memory.copy(byteAt(place, to), from, part);
    to += part;
    from += part;
    bytes -= part;
  }
}

/** Payload word at `from`, a multiple of 4: payloads are 4-byte aligned, so it lies in one page. */
export function zsReadWord(place: Place, from: u32): u32 {
  return peekWord(byteAt(place, from));
}

/** The same of a word that is changed where it stands. */
export function zsLoadWord(place: Place, from: u32): u32 {
  return loadWord(byteAt(place, from));
}

/** Stores such a word. With the lock of the object's zspage. */
export function zsStoreWord(place: Place, to: u32, value: u32): void {
  storeWord(byteAt(place, to), value);
}

/** Loads a word of each line of an object's first `bytes`. @returns their sum */
export function zsTouch(handle: Handle, bytes: u32): u32 {
  const place = zsPlace(handle);
  let sum: u32 = 0;
  for (let from: u32 = 0; from < bytes; from += 64) sum += zsReadWord(place, from);
  return sum;
}

/** Two of them, the low one first. */
export function zsReadCell(place: Place, from: u32): Cell {
  return u64(zsReadWord(place, from)) | (u64(zsReadWord(place, from + 4)) << 32);
}

/** Payload half at `from`, a multiple of 2. */
export function zsReadHalf(place: Place, from: u32): u32 {
  return peekHalf(byteAt(place, from));
}

export function zsWriteWord(place: Place, to: u32, value: u32): void {
  pokeWord(byteAt(place, to), value);
}

export function zsWriteHalf(place: Place, to: u32, value: u32): void {
  pokeHalf(byteAt(place, to), value);
}

/** The own word of an object that waits in limbo, which links it there. */
export function zsLinkAt(handle: Handle): usize {
  const cell = loadCell(handle);
  return objectWordAt(goneZspage(cell), goneIndex(cell));
}
