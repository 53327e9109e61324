/**
 * Near: what a thread keeps outside the zone, decoded, for as long as it is what the key has.
 *
 * A read that asks for it (GET_NEAR) leaves a *note* of what it has found, and `isNear` tells
 * whether a note still holds, which costs one line of the index and no key:
 *
 *   hash, version  every change of the entry raises the version of its line first (store/leaf.ts)
 *   position       where its hits are counted: entries do not move while the version stays
 *   until          when it is not fresh any more; 0 = never. Who asks has told the time
 *   clock          the tag clock, of an entry with tags or a namespace: `deleteTag`, and `clear` of
 *                  a namespace, raise no version
 *
 * What a note says must have been true *after* it was made, so each of the two counters is loaded
 * first, then its lock is seen free, then the entry is looked at: whoever had raised the counter
 * is done by then. If a lock is held, the note says so (NOWHERE), and the value is not kept.
 *
 * A hit is linearized at its loads of leaves and directory: what they name was the key's leaf then,
 * and if its version is that of the note now it was so before. In a section, or the page might be
 * another's, and the count of the hit would be written into it.
 */
import { Handle, Place } from '../base/layout';
import { loadWord } from '../base/words';
import { foundVersion, leafAt, leafCount, numberFor, wasSettled } from '../store/directory';
import { extensionOf } from '../store/entry-head';
import { spaceIn, tagCount } from '../store/extension';
import { TAGS_LOCK } from '../store/journal';
import { foundAt, LEAF_CELLS, noteHit, versionOf } from '../store/leaf';
import { ALIVE, freshUntil, lifeAt } from '../store/life';
import { countIn } from '../store/spaces';
import { tagClock } from '../store/tags';
import { latestTime } from '../thread/clock';
import { assertInSection } from '../thread/context';
import { COUNT_HITS } from '../thread/counters';
import { zsPlace, zsReadWord } from '../zsmalloc/object';

/** Instead of a position: what was read may not be kept. */
export const NOWHERE: u32 = 512;
const NO_TAGS: f64 = -1;

/** Thread-local: the note. */
let hash: u32 = 0;
let version: u32 = 0;
let position: u32 = 0;
let until: u64 = 0;
let clock: f64 = 0;

/** Makes the note of what `lookUpSettled` has found of a hash. In a section. */
export function noteNear(found: u32, handle: Handle, isStale: bool): void {
  assertInSection();
  const place = zsPlace(handle);
  const extension = extensionOf(place);
  const word = extension == 0 ? 0 : zsReadWord(place, extension);
  const isTagged = tagCount(word) != 0 || spaceIn(word) != 0;
  hash = found;
  version = foundVersion();
  until = freshUntil(place);
  clock = isTagged ? f64(tagClock()) : NO_TAGS;
  const isKept = wasSettled() && !isStale && (!isTagged || areTagsSettled(place));
  position = isKept ? foundAt() : NOWHERE;
}

/** After the clock was loaded: no deletion is under way, and the entry has survived all of them. */
function areTagsSettled(place: Place): bool {
  return loadWord(TAGS_LOCK) == 0 && lifeAt(place, latestTime()) == ALIVE;
}

/** The note, number by number: hash, version, position, until, clock. */
export function nearNote(which: u32): f64 {
  if (which == 0) return f64(hash);
  if (which == 1) return f64(version);
  if (which == 2) return f64(position);
  return which == 3 ? f64(until) : clock;
}

/** Whether a note still holds. A hit then, which is counted and seen by eviction. */
export function isNear(
  space: u32,
  hash: u32,
  version: u32,
  position: u32,
  until: f64,
  clock: f64,
): bool {
  assertInSection();
  const leaf = leafAt(numberFor(hash, leafCount()));
  if (leaf == 0 || versionOf(leaf, hash) != version) return false;
  if (until != 0 && f64(latestTime()) >= until) return false;
  if (clock != NO_TAGS && clock != f64(tagClock())) return false;
  noteHit(leaf, position % LEAF_CELLS);
  countIn(space, COUNT_HITS, 1);
  return true;
}
