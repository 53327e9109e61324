/**
 * Listing keys: leaf after leaf, in the order of their hashes read backwards.
 *
 * A leaf holds the hashes that end in certain bits; read from the last bit on, these are a range.
 * So a
 * *cursor*, a hash read backwards, says exactly what was listed: whether leaves are split or merged
 * meanwhile, a key that is there all the time is listed once.
 */
import { loadWord, pokeWord } from '../base/words';
import { outputScratch, scratchRoom } from '../memdesc/thread-pages';
import { failIfNeverThere, leafAt, leafCount, numberFor } from '../store/directory';
import { entryHash, entryKeyBytes, readKey, spaceOf } from '../store/entry-head';
import { cellAt, LEAF_CELLS, nextPosition } from '../store/leaf';
import { ALIVE, lifeAt } from '../store/life';
import { SPACE_SHIFT } from '../store/spaces';
import { assertInSection } from '../thread/context';
import { zsPlace } from '../zsmalloc/object';

/** Instead of a space. */
export const ALL_SPACES: u32 = u32.MAX_VALUE;

/** A hash read backwards. */
export function reverse(word: u32): u32 {
  word = ((word >> 1) & 0x5555_5555) | ((word & 0x5555_5555) << 1);
  word = ((word >> 2) & 0x3333_3333) | ((word & 0x3333_3333) << 2);
  word = ((word >> 4) & 0x0f0f_0f0f) | ((word & 0x0f0f_0f0f) << 4);
  return bswap(word);
}

/** The last place that belongs to the same leaf as a cursor, when there are so many leaves. */
export function rangeEnd(cursor: u32, leaves: u32): u32 {
  const mask = u32.MAX_VALUE >> clz(leaves);
  const number = numberFor(reverse(cursor), leaves);
  // One bit less where the leaf was not split yet in this round.
  const isSplit = number + ((mask + 1) >> 1) < leaves || number > mask >> 1;
  const bits = isSplit ? mask : mask >> 1;
  return cursor | ~reverse(bits);
}

/**
 * Lists keys into the output scratch, each as length and space (u32) and bytes, padded to 4; 0 ends
 * the list.
 *
 * @param space  whose keys; ALL_SPACES: everybody's
 * @returns the cursor to go on with; 2^32 = all are listed
 */
export function listKeys(cursor: u32, now: u64, space: u32): u64 {
  assertInSection();
  let round: u32 = 0;
  while (true) {
    const leaves = leafCount();
    const number = numberFor(reverse(cursor), leaves);
    const leaf = leafAt(number);
    let end = rangeEnd(cursor, leaves);
    // Longer than the scratch: half of the range. Keys of one hash fill no scratch.
    while (leaf != 0 && !listRange(leaf, cursor, end, now, space) && end != cursor) {
      end = cursor + (end - cursor) / 2;
    }
    if (leaf != 0 && leafCount() == leaves && leafAt(number) == leaf) return u64(end) + 1;
    if (leaf == 0) failIfNeverThere(round++, leaves);
  }
}

/** @returns false when there was no room for all */
function listRange(leaf: u32, cursor: u32, end: u32, now: u64, space: u32): bool {
  const start = outputScratch();
  let at = start;
  for (let i = nextPosition(leaf, 0); i < LEAF_CELLS; i = nextPosition(leaf, i + 1)) {
    const handle = loadWord(cellAt(leaf, i));
    if (handle == 0) continue;
    const place = zsPlace(handle);
    const order = reverse(entryHash(place));
    if (order < cursor || order > end || lifeAt(place, now) != ALIVE) continue;
    const own = spaceOf(place);
    if (own != space && space != ALL_SPACES) continue;
    const room = 4 + ((entryKeyBytes(place) + 3) & ~3);
    if (at + room + 4 > start + scratchRoom()) {
      pokeWord(at, 0);
      return false;
    }
    pokeWord(at, readKey(place, at + 4) | (own << SPACE_SHIFT));
    at += room;
  }
  pokeWord(at, 0);
  return true;
}
