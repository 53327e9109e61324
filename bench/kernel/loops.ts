/**
 * The inner loops of suite `frames`, over any allocator of blocks of pages.
 *
 * They run inside a module, so that what is measured is the allocator and not the calls from
 * JavaScript. Each is called many times for a short while: V8's first compiler never replaces code
 * that is running, and one long first call would be measured in slow code.
 *
 * A thread notes the blocks that it holds in its *notebook*, one word each. `begin` and `end` stand
 * around each call of a loop, as the kernel's face has them around each call; some hundred pairs
 * share one.
 *
 * An allocator is a class without fields: its methods are compiled into the loops one by one, and
 * nothing is dispatched at run time.
 */
import { peekWord, pokeWord } from '../../kernel/base/words';

export interface Allocator {
  begin(): void;
  end(): void;
  /** @returns number of the first page, or 0 or less when there is no block */
  take(order: u32): i32;
  /** @returns whether the block was what it should be */
  give(page: u32, order: u32): bool;
}

/** Thread-local: where this thread notes its blocks. */
let notebook: usize = 0;
/** Thread-local: state of the random numbers, the same in every thread and for every allocator. */
let seed: u32 = 1;

export function setNotebook(at: usize): void {
  notebook = at;
}

function noteAt(index: u32): usize {
  return notebook + index * 4;
}

/** Below `limit`; xorshift, and a multiplication instead of a division. */
function random(limit: u32): u32 {
  let next = seed;
  next ^= next << 13;
  next ^= next >> 17;
  next ^= next << 5;
  seed = next;
  return u32((u64(next) * u64(limit)) >> 32);
}

/** @inline */
function takeOne<A extends Allocator>(order: u32): u32 {
  const page = changetype<A>(0).take(order);
  if (page <= 0) unreachable();
  return page;
}

/** @inline */
function giveOne<A extends Allocator>(page: u32, order: u32): void {
  if (!changetype<A>(0).give(page, order)) unreachable();
}

/** Takes a block and gives the same back. */
export function repeat<A extends Allocator>(order: u32, pairs: u32): void {
  changetype<A>(0).begin();
  for (let i: u32 = 0; i < pairs; i++) giveOne<A>(takeOne<A>(order), order);
  changetype<A>(0).end();
}

/** Replaces, `pairs` times, one of the first `live` noted blocks, chosen at random. */
export function replace<A extends Allocator>(order: u32, live: u32, pairs: u32): void {
  changetype<A>(0).begin();
  for (let i: u32 = 0; i < pairs; i++) {
    const at = noteAt(random(live));
    giveOne<A>(peekWord(at), order);
    pokeWord(at, takeOne<A>(order));
  }
  changetype<A>(0).end();
}

/** Takes blocks and notes them as `from` … `to` − 1. @returns how many there were */
export function fill<A extends Allocator>(order: u32, from: u32, to: u32): u32 {
  changetype<A>(0).begin();
  let index = from;
  for (; index < to; index++) {
    const page = changetype<A>(0).take(order);
    if (page <= 0) break;
    pokeWord(noteAt(index), page);
  }
  changetype<A>(0).end();
  return index - from;
}

/** Gives back what is noted as `from` … `to` − 1, in the order in which it was taken. */
export function drain<A extends Allocator>(order: u32, from: u32, to: u32): void {
  changetype<A>(0).begin();
  for (let i = from; i < to; i++) giveOne<A>(peekWord(noteAt(i)), order);
  changetype<A>(0).end();
}

/** Moves `chosen` of the first `count` notes, chosen at random, to the end of these. */
export function shuffle(count: u32, chosen: u32): void {
  for (let last = count; last > count - chosen; last--) {
    const one = noteAt(last - 1);
    const other = noteAt(random(last));
    const page = peekWord(one);
    pokeWord(one, peekWord(other));
    pokeWord(other, page);
  }
}
