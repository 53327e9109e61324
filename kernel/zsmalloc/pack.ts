/**
 * Packing: objects move together when memory is short, before anything is evicted for it.
 *
 * A zspage is *loose* when it is three quarters full at most, and its pages cost at most 64 moves
 * each; what is fuller stays, as its objects would be moved for little, again and again. A class
 * *promises* pages when it has a loose zspage on its lists, and another one that may take what is
 * in it: a look is two loads (pool-table.ts), so that where nothing is to be had little is lost.
 *
 * Whoever packs does it for pages that it needs. It stops when it has them, when it has moved 64
 * objects for each, when nothing is promised, or when readers are still at what it has moved. Where
 * a class has as many loose zspages as pages are needed, holes that objects are moved into may take
 * the last pages, which are kept for whoever comes or reclaims: it will give more than it takes.
 */
import { URGENT } from '../frames/class';
import { compactClass, compactedPages, finishSource } from './compact';
import { classAt, listedOf, looseOf, MOVES_PER_PAGE } from './pool-table';
import { classCount, zsState } from './size-class';
import { selfThreadState, ThreadState } from './thread-state';

/** Thread-local: objects that this thread has moved in all. */
let packed: u32 = 0;

export function packedObjects(): u32 {
  return packed;
}

/**
 * Packs the store's pool until so many pages are free, if they can be had so. Not in a section.
 *
 * @returns pages that became free
 */
export function packSome(pages: u32): u32 {
  const thread = selfThreadState();
  const goal = compactedPages() + i32(pages);
  const limit = packed + pages * MOVES_PER_PAGE;
  if (!finishSource(thread)) return 0;
  // From the largest class down. Of huge objects each has its page: nothing to be had.
  for (let sizeClass = classCount() - 1; sizeClass != 0; sizeClass--) {
    const record = classAt(zsState().store, sizeClass - 1);
    const urgency: u32 = looseOf(record) >= pages ? URGENT : 0;
    while (isPromising(record) && packStep(thread, record, urgency)) {
      if (compactedPages() >= goal || packed >= limit || thread.source != 0) {
        return freedFor(goal, pages);
      }
    }
  }
  return freedFor(goal, pages);
}

function freedFor(goal: i32, pages: u32): u32 {
  return u32(max(compactedPages() - goal + i32(pages), 0));
}

function isPromising(record: usize): bool {
  return looseOf(record) != 0 && listedOf(record) > 1;
}

/** @returns whether anything was moved */
function packStep(thread: ThreadState, record: usize, urgency: u32): bool {
  const moved = compactClass(thread, record, urgency);
  packed += moved;
  return moved != 0;
}
