/**
 * Everything the kernel imports, and everything that differs from thread to thread.
 *
 * The memory is the only import of the release module. The variables below are WebAssembly
 * globals, so each thread (each instance) has its own.
 */
import { Slot } from './layout';

/** Thread-local: this thread's slot number, 1 … 255; 0 before `attach`. */
let self: u32 = 0;
/** Thread-local: address of this thread's page; 0 before `attach`. */
let page: usize = 0;
/** Thread-local: false on a browser's main thread, which may not block. */
let mayPark: bool = true;

export function selfSlot(): u32 {
  return self;
}

export function setSelfSlot(slot: Slot): void {
  self = slot;
}

/** Address of this thread's page, whose parts memdesc/thread-pages.ts names. */
export function selfPage(): usize {
  return page;
}

export function setSelfPage(address: usize): void {
  page = address;
}

export function canPark(): bool {
  return mayPark;
}

export function setCanPark(value: bool): void {
  mayPark = value;
}
