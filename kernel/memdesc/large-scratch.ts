/**
 * Large scratches: for blocks of more than 4,080 bytes, a few for all threads of a cache.
 *
 * They are made with the cache, so that a thread that comes later finds them however full it is. A
 * thread borrows one for a call of the library: two or more calls of the kernel, between which it
 * holds the value. Nobody waits in here: who gets none asks again (src/threads/large-scratch.ts).
 *
 *   owner   0: free → slot, by compare-and-swap · slot → 0, by that thread; or a survivor, after
 *           its death
 *
 * Whoever has one and asks again has it: a call that was cut short has not given it back. What it
 * holds is nobody's when its owner is gone, so there is nothing to repair.
 *
 * Its thread works elsewhere again before it gives it back.
 */
import { selfSlot } from '../base/env';
import { ERR_NO_MEMORY, FAULT_PAGE_WORD, fail } from '../base/fault';
import { MEMDESC_STATE, PAGE_BYTES, pageAddress, Slot } from '../base/layout';
import { casWord, loadWord, storeWord } from '../base/words';
import { CLASS_UNMOVABLE } from '../frames/class';
import { freeUpTo } from '../frames/tree';
import { highestSlot, SLOT_FREE, slotState } from '../thread/slot';
import { allocPages, freePages } from './pages';
import { MemdescState } from './pin';
import { BLOCK_ORDER, LARGE_ROOM, scratchRoom, TABLE_ORDER, use, useOwn } from './thread-pages';
import { MISC_ZONE } from './type';

@unmanaged
export class LargeScratch {
  owner: u32;
  input: u32;
  output: u32;
  table: u32;
  /** The three made one, so that none of them leads elsewhere unnoticed. */
  seal: u32;
}

/**
 * A 32nd of what is free, two at least: with one a thread would wait for each that is off its CPU.
 */
const SHARE_SHIFT: u32 = 5;
const LEAST: u32 = 2;
const MOST: u32 = 32;
const PAGES: u32 = 2 * (1 << BLOCK_ORDER) + (1 << TABLE_ORDER);

function memdescState(): MemdescState {
  return changetype<MemdescState>(MEMDESC_STATE);
}

function recordAt(index: u32): u32 {
  return memdescState().largeTable + index * offsetof<LargeScratch>();
}

/** Makes them, once, for the cache. @returns 0, or ERR_NO_MEMORY */
export function formatLargeScratch(): i32 {
  const pfn = allocPages(0, MISC_ZONE, CLASS_UNMOVABLE);
  if (pfn < 0) return ERR_NO_MEMORY;
  const state = memdescState();
  state.largeTable = pageAddress(u32(pfn));
  memory.fill(state.largeTable, 0, PAGE_BYTES);
  const wanted = max(LEAST, (freeUpTo((MOST * PAGES) << SHARE_SHIFT) >> SHARE_SHIFT) / PAGES);
  while (state.largeCount < wanted && makeOne(recordAt(state.largeCount))) state.largeCount++;
  return state.largeCount == 0 ? ERR_NO_MEMORY : 0;
}

function makeOne(at: u32): bool {
  const input = allocPages(BLOCK_ORDER, MISC_ZONE, CLASS_UNMOVABLE);
  const output = allocPages(BLOCK_ORDER, MISC_ZONE, CLASS_UNMOVABLE);
  const table = allocPages(TABLE_ORDER, MISC_ZONE, CLASS_UNMOVABLE);
  if (input >= 0 && output >= 0 && table >= 0) {
    const one = changetype<LargeScratch>(at);
    one.input = pageAddress(input);
    one.output = pageAddress(output);
    one.table = pageAddress(table);
    one.seal = sealOf(one);
    return true;
  }
  if (input >= 0) freePages(input, BLOCK_ORDER, MISC_ZONE);
  if (output >= 0) freePages(output, BLOCK_ORDER, MISC_ZONE);
  if (table >= 0) freePages(table, TABLE_ORDER, MISC_ZONE);
  return false;
}

function largeCount(): u32 {
  return min(memdescState().largeCount, MOST);
}

/** Address of a record that is one: before its owner is changed. */
function soundAt(index: u32): u32 {
  const at = recordAt(index);
  const one = changetype<LargeScratch>(at);
  if (sealOf(one) != one.seal) fail(FAULT_PAGE_WORD, at);
  return at;
}

function sealOf(one: LargeScratch): u32 {
  return ~(one.input ^ one.output ^ one.table);
}

/** Lets this thread, which has a scratch, work in a large one. @returns false: all are taken */
export function takeLarge(): bool {
  if (scratchRoom() == LARGE_ROOM) return true;
  const count = largeCount();
  for (let i: u32 = 0; i < count; i++) {
    const at = soundAt((selfSlot() + i) % count);
    const found = casWord(at, 0, selfSlot());
    if (found != 0 && found != selfSlot()) continue;
    const one = changetype<LargeScratch>(at);
    use(one.input, one.output, one.table, LARGE_ROOM);
    return true;
  }
  return false;
}

/** Ends that: this thread works in its own again. */
export function giveLarge(): void {
  useOwn();
  freeLargeOf(selfSlot());
}

/** Frees what a slot's thread has, this one or a dead one. Cost: a load for each. */
export function freeLargeOf(slot: Slot): void {
  for (let i: u32 = 0, count = largeCount(); i < count; i++) {
    // Its own, or a dead thread's: nobody else moves the word.
    if (loadWord(recordAt(i)) == slot) storeWord(soundAt(i), 0);
  }
}

/** @returns 0, or the address of one that nobody can give back */
export function checkLargeScratch(): u32 {
  for (let i: u32 = 0, count = largeCount(); i < count; i++) {
    const owner = loadWord(recordAt(i));
    if (owner == 0) continue;
    if (owner > highestSlot() || slotState(owner) == SLOT_FREE) return recordAt(i);
  }
  return 0;
}
