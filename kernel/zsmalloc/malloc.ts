/**
 * The pool's public face: malloc, write, read, free by a handle that is checked.
 *
 * A public handle is a number that JavaScript holds exactly:
 *   cell address >> 3 : 29 · generation : 16 · pool number : 8          53 bits
 * Its life is told by the generation: a handle that was freed, or never was one, is an error code
 * and nothing has changed. (After 65,536 grace periods a stale one could pass for its cell's new
 * life.)
 *
 * A new object is all zeros and takes no room; so does one whose bytes are all one pattern of eight
 * (handle.ts). `write` builds the new contents aside and then swaps the cell: a reader sees the old
 * bytes or the new ones, never a mixture, and of two writers one comes last. What was replaced
 * waits for its grace period in a cell of its own.
 *
 * The bytes to write stand in the thread's input scratch; bytes read are put into its output
 * scratch.
 */
import { ERR_BUSY, ERR_FOREIGN_HANDLE, ERR_NO_MEMORY, ERR_STALE } from '../base/fault';
import { Cell, Desc } from '../base/layout';
import { casCell, loadCell, peekCell, pokeCell, storeCell } from '../base/words';
import { inputScratch, outputScratch } from '../memdesc/thread-pages';
import { allocObject, CACHE_CELL } from '../slab/kmem-cache';
import { assertInSection } from '../thread/context';
import { unlock } from '../thread/lock';
import { enterSection, leaveSection } from '../thread/rcu';
import { takeIndex } from './active';
import { freeCell, freePattern, unusedBytes } from './alloc';
import { advance, makeRoomForFrees } from './deferred-frees';
import {
  CELL_LIVE,
  CELL_PATTERN,
  CELL_SAME,
  cellGeneration,
  cellState,
  cellUnused,
  goneCell,
  newLife,
  sameBytes,
  sameCell,
  sameLife,
  samePatternCell,
  samePatternLow,
  zsIsCell,
} from './handle';
import { placeIn, placeOf, zsRead, zsWrite } from './object';
import { cellFor, goneByIndex, zspageIn } from './place';
import { poolOf } from './pool-table';
import { classFor, shapeBytes, shapeHeader } from './size-class';
import { pushFreed, selfThreadState, ThreadState } from './thread-state';
import { setObjectWord, vacateIndex, zspageLockAt, zspageShape } from './zspage';

const CELL_BITS: u64 = 29;
const GENERATION_BITS: u64 = 16;
/** What a look-up gives for a handle that is none: a cell that is FREE. */
const NOTHING: u64 = 0;

function publicHandle(pool: u32, cell: u32, contents: u64): f64 {
  const life = u64(cellGeneration(contents)) | (u64(poolOf(pool).number) << GENERATION_BITS);
  return f64((life << CELL_BITS) | u64(cell >> 3));
}

function cellOf(handle: u64): u32 {
  return u32(handle & 0x1fff_ffff) << 3;
}

/** @returns 0, or ERR_FOREIGN_HANDLE */
function checkPool(pool: u32, handle: u64): i32 {
  const number = u32(handle >> (CELL_BITS + GENERATION_BITS));
  return number == poolOf(pool).number ? 0 : ERR_FOREIGN_HANDLE;
}

/** The cell of a public handle if its object lives, else NOTHING. */
function look(handle: u64): u64 {
  assertInSection();
  const at = cellOf(handle);
  if (!zsIsCell(at)) return NOTHING;
  const seen = loadCell(at);
  const state = cellState(seen);
  if (state != CELL_LIVE && state != CELL_SAME) return NOTHING;
  const generation = u32(handle >> CELL_BITS) & 0xffff;
  return cellGeneration(seen) == generation ? seen : NOTHING;
}

/** Makes an object of `bytes` zeros. @returns its public handle, or ERR_NO_MEMORY */
export function zsMalloc(pool: u32, bytes: u32): f64 {
  let cell = allocObject(CACHE_CELL);
  if (cell == 0) {
    advance(selfThreadState());
    cell = allocObject(CACHE_CELL);
    if (cell == 0) return ERR_NO_MEMORY;
  }
  selfThreadState().ownCell = cell;
  const contents = newLife(sameCell(0, 0, bytes), CELL_SAME);
  storeCell(cell, contents);
  selfThreadState().ownCell = 0;
  return publicHandle(pool, cell, contents);
}

/** Copies an object into the output scratch. @returns its length, or ERR_STALE, … */
export function zsReadObject(pool: u32, handle: u64): i32 {
  const failure = checkPool(pool, handle);
  if (failure != 0) return failure;
  enterSection();
  const to: usize = outputScratch();
  // Progress: a round is lost to a move of the page.
  for (let seen = look(handle); seen != NOTHING; seen = look(handle)) {
    if (cellState(seen) == CELL_SAME) {
      fillPattern(to, patternOf(seen), sameBytes(seen));
      return sameBytes(seen);
    }
    const desc = zspageIn(seen);
    if (desc == 0) continue;
    const bytes = objectBytes(desc, seen);
    zsRead(placeOf(seen, desc), 0, to, bytes);
    return bytes;
  }
  return ERR_STALE;
}

function objectBytes(desc: Desc, cell: Cell): u32 {
  const shape = zspageShape(desc);
  return shapeBytes(shape) - shapeHeader(shape) - cellUnused(cell);
}

function patternOf(cell: Cell): u64 {
  const upper = samePatternCell(cell);
  if (upper == 0) return 0;
  return (loadCell(upper) & ~u64(7)) | samePatternLow(cell);
}

/** Fills whole cells; the scratch has room for the last. */
function fillPattern(to: usize, pattern: u64, bytes: u32): void {
  for (let at: u32 = 0; at < bytes; at += 8) pokeCell(to + at, pattern);
}

/** Whether all bytes are one pattern of eight, which then begins at `from`. */
function isPattern(from: usize, bytes: u32): bool {
  if (bytes < 16) return false;
  return memory.compare(from, from + 8, bytes - 8) == 0;
}

/**
 * Ends an object. @returns 0, or ERR_STALE, ERR_FOREIGN_HANDLE, ERR_BUSY; then nothing has changed
 */
export function zsFree(pool: u32, handle: u64): i32 {
  const failure = checkPool(pool, handle);
  if (failure != 0) return failure;
  const thread = selfThreadState();
  if (!makeRoomForFrees(thread)) return ERR_BUSY;
  enterSection();
  // Progress: a failed compare-and-swap means that somebody moved, overwrote or freed the object.
  for (let seen = look(handle); seen != NOTHING; seen = look(handle)) {
    thread.freeing = cellOf(handle);
    if (casCell(cellOf(handle), seen, goneCell(seen)) != seen) continue;
    pushFreed(thread, cellOf(handle));
    thread.freeing = 0;
    return 0;
  }
  thread.freeing = 0;
  return ERR_STALE;
}

/**
 * Replaces an object's contents by `bytes` ≤ MAX_PAYLOAD of the input scratch.
 *
 * @returns 0, or ERR_NO_MEMORY, ERR_STALE, ERR_FOREIGN_HANDLE, ERR_BUSY; then nothing has changed
 */
export function zsOverwrite(pool: u32, handle: u64, bytes: u32): i32 {
  const failure = checkPool(pool, handle);
  if (failure != 0) return failure;
  const thread = selfThreadState();
  if (!makeRoomForFrees(thread)) return ERR_BUSY;
  const outcome = writeOnce(thread, pool, handle, bytes);
  if (outcome != ERR_NO_MEMORY) return outcome;
  // What this thread freed may be done, once it reads nothing.
  leaveSection();
  advance(thread);
  return writeOnce(thread, pool, handle, bytes);
}

function writeOnce(thread: ThreadState, pool: u32, handle: u64, bytes: u32): i32 {
  const from: usize = inputScratch();
  if (bytes == 0) return commit(thread, handle, sameCell(0, 0, 0), CELL_SAME);
  return isPattern(from, bytes)
    ? writePattern(thread, handle, peekCell(from), bytes)
    : writeBytes(thread, pool, handle, from, bytes);
}

function writePattern(thread: ThreadState, handle: u64, pattern: u64, bytes: u32): i32 {
  let upper: u32 = 0;
  if (pattern != 0) {
    upper = allocObject(CACHE_CELL);
    if (upper == 0) return ERR_NO_MEMORY;
    thread.ownPattern = upper;
    storeCell(upper, (pattern & ~u64(7)) | u64(CELL_PATTERN));
  }
  const outcome = commit(thread, handle, sameCell(upper, u32(pattern & 7), bytes), CELL_SAME);
  if (outcome != 0 && upper != 0) freePattern(upper);
  thread.ownPattern = 0;
  return outcome;
}

/** Under the lock of the zspage that takes the bytes: a survivor finds their cell, or none. */
function writeBytes(thread: ThreadState, pool: u32, handle: u64, from: usize, bytes: u32): i32 {
  thread.needsSweep = 1;
  const outcome = fillAndCommit(thread, pool, handle, from, bytes);
  thread.needsSweep = 0;
  return outcome;
}

function fillAndCommit(thread: ThreadState, pool: u32, handle: u64, from: usize, bytes: u32): i32 {
  const sizeClass = classFor(bytes);
  const place = takeIndex(pool, sizeClass);
  if (place == 0) return ERR_NO_MEMORY;
  const desc = u32(place >> 32);
  const index = u32(place);
  setObjectWord(desc, index, cellOf(handle));
  zsWrite(placeIn(desc, index), 0, from, bytes);
  const contents = cellFor(desc, index, unusedBytes(sizeClass, bytes));
  const outcome = commit(thread, handle, contents, CELL_LIVE);
  if (outcome != 0) vacateIndex(desc, index);
  unlock(zspageLockAt(desc));
  return outcome;
}

/** Swaps the cell's contents. @returns 0, or ERR_STALE, ERR_NO_MEMORY; then nothing has changed */
function commit(thread: ThreadState, handle: u64, contents: u64, state: u32): i32 {
  const at = cellOf(handle);
  let retiredCell: u32 = 0;
  let outcome: i32 = ERR_STALE;
  enterSection();
  // Progress: a failed compare-and-swap means that somebody moved, overwrote or freed the object.
  for (let seen = look(handle); seen != NOTHING; seen = look(handle)) {
    if (retiredCell == 0 && needsRetiredCell(seen)) {
      retiredCell = allocObject(CACHE_CELL);
      if (retiredCell == 0) return ERR_NO_MEMORY;
      thread.ownCell = retiredCell;
      continue;
    }
    const gone = goneByIndex(seen);
    if (gone == 0) continue;
    if (retiredCell != 0) thread.replaced = gone;
    if (casCell(at, seen, sameLife(seen, contents, state)) != seen) continue;
    outcome = 0;
    if (retiredCell != 0 && needsRetiredCell(seen)) {
      storeCell(retiredCell, gone);
      pushFreed(thread, retiredCell);
      retiredCell = 0;
    }
    break;
  }
  thread.replaced = 0;
  if (retiredCell != 0) freeCell(retiredCell);
  thread.ownCell = 0;
  return outcome;
}

/** Whether what a cell names has to wait for a grace period: zeros have nothing. */
function needsRetiredCell(cell: Cell): bool {
  return cellState(cell) == CELL_LIVE || samePatternCell(cell) != 0;
}
