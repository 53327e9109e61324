/**
 * Bench build of the kernel: all of it as it ships, and the loops of suite `frames` inside.
 *
 * *Checked* is the path that users get: words written, words compared before anything is freed. It
 * is compiled into the loop, as it is into the exports.
 * *Raw* is what lies below: frames alone, which trusts its callers.
 */
import { ERR_NO_MEMORY } from '../../kernel/base/fault';
import { PAGE_SHIFT } from '../../kernel/base/layout';
import { CLASS_UNMOVABLE } from '../../kernel/frames/class';
import { giveBlock, takeBlock } from '../../kernel/frames/frames';
import { allocPage, allocPages, freePage, freePages } from '../../kernel/memdesc/pages';
import { MISC_USER } from '../../kernel/memdesc/type';
import { enterKernel, leaveKernel } from '../../kernel/thread/stop';
import { drain, fill, repeat, replace, setNotebook } from './loops';

export * from '../../kernel/index';
export { shuffle } from './loops';

/** As the inKernel word names what goes on here; no operation of the face has this number. */
const OP_BENCH: u32 = 0x80;

@unmanaged
class Checked {
  begin(): void {
    enterKernel(OP_BENCH);
  }
  end(): void {
    leaveKernel();
  }
  @inline
  take(order: u32): i32 {
    if (order == 0) return allocPage(MISC_USER, CLASS_UNMOVABLE);
    return allocPages(order, MISC_USER, CLASS_UNMOVABLE);
  }
  @inline
  give(page: u32, order: u32): bool {
    return (order == 0 ? freePage(page, MISC_USER) : freePages(page, order, MISC_USER)) == 0;
  }
}

@unmanaged
class Raw {
  begin(): void {
    enterKernel(OP_BENCH);
  }
  end(): void {
    leaveKernel();
  }
  take(order: u32): i32 {
    return i32(takeBlock(order, CLASS_UNMOVABLE));
  }
  give(page: u32, order: u32): bool {
    giveBlock(page, order);
    return true;
  }
}

/** Takes a block of this order from the zone for the thread's notes. @returns 0 or ERR_NO_MEMORY */
export function openNotebook(order: u32): i32 {
  enterKernel(OP_BENCH);
  const page = allocPages(order, MISC_USER, CLASS_UNMOVABLE);
  leaveKernel();
  if (page < 0) return ERR_NO_MEMORY;
  setNotebook(page << PAGE_SHIFT);
  return 0;
}

export function repeatChecked(order: u32, pairs: u32): void {
  repeat<Checked>(order, pairs);
}

export function replaceChecked(order: u32, live: u32, pairs: u32): void {
  replace<Checked>(order, live, pairs);
}

export function fillChecked(order: u32, from: u32, to: u32): u32 {
  return fill<Checked>(order, from, to);
}

export function drainChecked(order: u32, from: u32, to: u32): void {
  drain<Checked>(order, from, to);
}

export function repeatRaw(order: u32, pairs: u32): void {
  repeat<Raw>(order, pairs);
}

export function replaceRaw(order: u32, live: u32, pairs: u32): void {
  replace<Raw>(order, live, pairs);
}

export function fillRaw(order: u32, from: u32, to: u32): u32 {
  return fill<Raw>(order, from, to);
}

export function drainRaw(order: u32, from: u32, to: u32): void {
  drain<Raw>(order, from, to);
}
