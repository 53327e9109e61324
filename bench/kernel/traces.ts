/**
 * Bench build of the kernel: all of it as it ships, and a loop that replays recorded requests.
 *
 * The cache is limited to a number of entries, as simulators limit theirs, and not by memory: a
 * request that misses drives entries out until there is a slot, then stores an empty value. What
 * goes is the kernel's own choice.
 */
import { peekWord, pokeWord } from '../../kernel/base/words';
import { evictSome } from '../../kernel/cache/eviction/eviction';
import { get, keyScratch, set } from '../../kernel/index';
import { entryCount } from '../../kernel/store/totals';
import { enterKernel, leaveKernel } from '../../kernel/thread/stop';

export * from '../../kernel/index';

/** As the inKernel word names what goes on here; no operation of the face has this number. */
const OP_BENCH: u32 = 0x80;
const KEY_BYTES: u32 = 4;

/** Requests the `count` keys at `keys`, words, of a cache of `slots` entries. @returns hits */
export function replay(keys: usize, count: u32, slots: u32): u32 {
  let hits: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    pokeWord(keyScratch(), peekWord(keys + i * 4));
    if (get(KEY_BYTES, 0, 1) >= 0) {
      hits++;
      continue;
    }
    if (entryCount() >= slots) makeSlot(slots);
    pokeWord(keyScratch(), peekWord(keys + i * 4));
    if (set(KEY_BYTES, 0, true, 0) != 0) unreachable();
  }
  return hits;
}

function makeSlot(slots: u32): void {
  enterKernel(OP_BENCH);
  while (entryCount() >= slots) if (evictSome(1) == 0) unreachable();
  leaveKernel();
}
