/**
 * Reading entries: block after block, in a section, into the thread's output scratch.
 *
 * A long value is read in several calls. The first notes the entry's first cell as it saw it; each
 * further one checks that the cell is still that, and of the same life (isSameLife); if not, the
 * value has changed: ERR_RESTART. An equal and LIVE cell means that every part is there until this
 * section ends.
 */
import { selfSlot } from '../base/env';
import { ERR_RESTART, FAULT_DAMAGED_DATA, fail } from '../base/fault';
import { Handle, Place } from '../base/layout';
import { loadCell, pokeWord } from '../base/words';
import { checksum } from '../codec/checksum';
import { decompress } from '../codec/lz4';
import { inputScratch, outputScratch, scratchRoom } from '../memdesc/thread-pages';
import { assertInSection } from '../thread/context';
import { sectionOf, selfState, ThreadSlot } from '../thread/slot';
import { CELL_LIVE, cellState, isSameLife, zsIsCell } from '../zsmalloc/handle';
import { zsContiguous, zsPlace, zsRead, zsReadWord } from '../zsmalloc/object';
import { MAX_PAYLOAD } from '../zsmalloc/size-class';
import { numberIn, writeNumber } from './count';
import {
  BLOCK_HEAD_BYTES,
  entryValueBytes,
  isCount,
  isShort,
  nextOf,
  PART_BYTES,
  RAW,
  shortBlock,
  shortChecksum,
  sizesOf,
  streamStart,
} from './entry-head';
import { BLOCK_BYTES } from './limits';

/** Thread-local: epoch of the section in which `readSeen` was. */
let seenIn: u64 = 0;

/**
 * Decodes the first block of an entry into the output scratch and remembers how to go on.
 *
 * @param asStored  not decoded: the block as it is stored, its head before it
 * @param to  where the block goes in the output scratch; 0 = to its start
 * @returns the length of the whole value
 */
export function beginRead(handle: Handle, asStored: bool = false, to: usize = 0): u32 {
  const slot = selfState();
  if (to == 0) to = outputScratch();
  const place = zsPlace(handle);
  const total = entryValueBytes(place);
  slot.readCell = handle;
  seenIn = sectionOf(selfSlot());
  slot.readSeen = loadCell(handle);
  slot.readLeft = total;
  if (isShort(place)) readShort(slot, place, asStored, to);
  else readBlock(slot, place, streamStart(place), asStored, to);
  // A value already in limbo may be freed between our calls: it is not read on.
  if (cellState(slot.readSeen) != CELL_LIVE) slot.readLeft = 0;
  return total;
}

/**
 * Decodes the next block of the value that `beginRead` began.
 *
 * @returns its length, or ERR_RESTART when the value has changed since
 */
export function continueRead(asStored: bool = false): i32 {
  assertInSection();
  const slot = selfState();
  if (slot.readLeft == 0) return ERR_RESTART;
  // The cell's page may have left the slab since, and hold anything.
  if (!zsIsCell(slot.readCell)) return ERR_RESTART;
  if (!isSameLife(loadCell(slot.readCell), slot.readSeen, seenIn)) return ERR_RESTART;
  const place = zsPlace(slot.readNext);
  return i32(readBlock(slot, place, PART_BYTES, asStored, outputScratch()));
}

/** Whether an entry's blocks are longer than the scratch that this thread works in. */
export function isTooLong(place: Place): bool {
  const word = isShort(place) ? shortBlock(place) : zsReadWord(place, streamStart(place));
  return max(min(entryValueBytes(place), BLOCK_BYTES), word & ~RAW) > scratchRoom();
}

/** Reads the block whose stream begins at `start` of the object at `place`. @returns its length */
function readBlock(slot: ThreadSlot, place: Place, start: u32, asStored: bool, to: usize): u32 {
  const word = zsReadWord(place, start);
  const sum = zsReadWord(place, start + 4);
  slot.readNext = nextOf(place);
  return readStored(slot, place, start + BLOCK_HEAD_BYTES, word, sum, asStored, to);
}

/** Reads the only block of a short entry. @returns its length */
function readShort(slot: ThreadSlot, place: Place, asStored: bool, to: usize): u32 {
  slot.readNext = 0;
  if (isCount(sizesOf(place))) return readCount(slot, place, asStored, to);
  const word = shortBlock(place);
  return readStored(slot, place, streamStart(place), word, shortChecksum(place), asStored, to);
}

/** Makes the block of a count. @returns its length */
function readCount(slot: ThreadSlot, place: Place, asStored: bool, to: usize): u32 {
  const text: usize = asStored ? usize(inputScratch()) : to;
  const bytes = slot.readLeft;
  if (!writeNumber(numberIn(place, slot.readCell), bytes, text)) {
    fail(FAULT_DAMAGED_DATA, slot.readCell);
  }
  if (asStored) copyBlock(text, bytes | RAW, checksum(text, bytes));
  slot.readLeft = 0;
  return bytes;
}

/**
 * Reads the block with this head whose stored bytes begin at `start` of the object at `place`.
 * @returns its length
 */
function readStored(
  slot: ThreadSlot,
  place: Place,
  start: u32,
  word: u32,
  sum: u32,
  asStored: bool,
  to: usize,
): u32 {
  const stored = word & ~RAW;
  const length = min(slot.readLeft, BLOCK_BYTES);
  if (stored > BLOCK_BYTES) fail(FAULT_DAMAGED_DATA, slot.readCell);
  const share = min(stored, MAX_PAYLOAD - start);
  let body = share == stored ? zsContiguous(place, start, stored) : 0;
  if (body == 0) {
    body = inputScratch();
    zsRead(place, start, body, share);
    gatherParts(slot, share, stored);
  }
  const isCopied = !asStored && (word & RAW) != 0;
  if (isCopied) {
    if (stored != length) fail(FAULT_DAMAGED_DATA, slot.readCell);
    // Before it is summed: a copy has more cold lines on their way at a time than a sum.
    memory.copy(to, body, length);
    body = to;
  }
  if (checksum(body, stored) != sum) fail(FAULT_DAMAGED_DATA, slot.readCell);
  if (asStored) copyBlock(body, word, sum);
  else if (!isCopied && decompress(body, stored, to, length) != i32(length)) {
    fail(FAULT_DAMAGED_DATA, slot.readCell);
  }
  slot.readLeft -= length;
  return length;
}

/** Collects the rest of a block from its parts into the input scratch. */
function gatherParts(slot: ThreadSlot, got: u32, stored: u32): void {
  while (got < stored) {
    if (slot.readNext == 0) fail(FAULT_DAMAGED_DATA, slot.readCell);
    const place = zsPlace(slot.readNext);
    const share = min(stored - got, MAX_PAYLOAD - PART_BYTES);
    zsRead(place, PART_BYTES, inputScratch() + got, share);
    slot.readNext = nextOf(place);
    got += share;
  }
}

function copyBlock(body: usize, word: u32, sum: u32): void {
  pokeWord(outputScratch(), word);
  pokeWord(outputScratch() + 4, sum);
  memory.copy(outputScratch() + BLOCK_HEAD_BYTES, body, word & ~RAW);
}
