/**
 * Places: from an object index to what its object's cell says, and back.
 *
 * A cell that lives says an address (handle.ts). Its page's word leads to the zspage, and the page
 * of the chain that the cell says to the index. *At every moment the page that a cell names is its
 * zspage's*: who moves a page (compact/migrate.ts) leaves both words until all cells are renamed.
 * So whoever loads a cell and then the word, in a section, finds the zspage; or Isolated, and then
 * the cell has been renamed.
 */
import { FAULT_PAGE_WORD, fail } from '../base/fault';
import { Cell, Desc, PAGE_BYTES, PAGE_SHIFT, pfnOfAddress } from '../base/layout';
import { ISOLATED_WORD, pageWord, wordDescriptor, wordType } from '../memdesc/page-word';
import { TYPE_ZSPAGE } from '../memdesc/type';
import {
  byIndex,
  CELL_LIMBO,
  CELL_LIVE,
  cellAddress,
  cellChainPage,
  cellState,
  goneCell,
  goneIndex,
  goneZspage,
  isByIndex,
  isSamePlace,
  placeCell,
} from './handle';
import { shapeBytes } from './size-class';
import { chainByteAt, payloadOffset, zspageShape } from './zspage';

/** The cell of an object with an index, in no state and of no generation. Zspage lock held. */
export function cellFor(desc: Desc, index: u32, unused: u32): u64 {
  const offset = payloadOffset(desc, index);
  const k = offset >> PAGE_SHIFT;
  const end = (index + 1) * shapeBytes(zspageShape(desc)) - unused;
  const isLonger = end > (k + 1) << PAGE_SHIFT;
  return placeCell(u32(chainByteAt(desc, offset)), k, isLonger, unused);
}

/**
 * The zspage of a cell that names a place; 0 = its page has been moved since: look again. In a
 * section, in which a page becomes nobody else's; or the world is halted.
 */
export function zspageIn(cell: Cell): u32 {
  if (isByIndex(cell)) return goneZspage(cell);
  const pfn = pfnOfAddress(cellAddress(cell));
  const word = pageWord(pfn);
  if (wordType(word) == TYPE_ZSPAGE) return wordDescriptor(word);
  if (word != ISOLATED_WORD) fail(FAULT_PAGE_WORD, pfn);
  return 0;
}

/** The index, in its zspage, of the object of a cell. */
export function indexIn(desc: Desc, cell: Cell): u32 {
  if (isByIndex(cell)) return goneIndex(cell);
  const offset = (cellChainPage(cell) << PAGE_SHIFT) + (cellAddress(cell) & (PAGE_BYTES - 1));
  return offset / shapeBytes(zspageShape(desc));
}

/** Whether a cell that lives names this object. Zspage lock held. */
export function isLiveAt(cell: Cell, desc: Desc, index: u32): bool {
  return cellState(cell) == CELL_LIVE && isSamePlace(cell, cellFor(desc, index, 0));
}

/**
 * What a cell becomes when this thread takes its object out, named by its index; 0 as `zspageIn`.
 */
export function goneByIndex(cell: Cell): u64 {
  const gone = goneCell(cell);
  if (cellState(gone) != CELL_LIMBO) return gone;
  const desc = zspageIn(gone);
  return desc == 0 ? 0 : byIndex(gone, desc, indexIn(desc, gone));
}
