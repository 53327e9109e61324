/** The index's invariants. World stopped. */
import { Place, pageAddress, superblock } from '../base/layout';
import { peekWord } from '../base/words';
import { zsIsHandle } from '../zsmalloc/handle';
import { zsIsLive, zsPlace } from '../zsmalloc/object';
import { countParts } from './chain';
import { leafAt, leafCount, leafLockAt, numberFor } from './directory';
import { entryHash, entryKeyBytes, entryStoredBytes, entryValueBytes, spaceOf } from './entry-head';
import { cellAt, isLineOf, LEAF_CELLS, LEAF_NUMBER, nextPosition, noteAt } from './leaf';
import { isLeafSound } from './leaf-copy';
import { nextUnnamed } from './recover';
import { spaceCount } from './spaces';
import { entryCount, spaceTotal, totalKeyBytes, totalStoredBytes, totalValueBytes } from './totals';

/** Thread-local: sums over the entries that the check has seen. */
let entries: u32 = 0;
let keyBytes: u64 = 0;
let valueBytes: u64 = 0;
let storedBytes: u64 = 0;

function clearSums(): void {
  entries = 0;
  keyBytes = 0;
  valueBytes = 0;
  storedBytes = 0;
}

function addToSums(place: Place): void {
  entries++;
  keyBytes += entryKeyBytes(place);
  valueBytes += entryValueBytes(place);
  storedBytes += entryStoredBytes(place);
}

function areTotalsRight(): bool {
  if (entries != entryCount() || storedBytes != totalStoredBytes()) return false;
  return keyBytes == totalKeyBytes() && valueBytes == totalValueBytes();
}

/** Compares directory, leaves, handles, pages and totals. @returns an offender's address, or 0 */
export function checkIndex(): u32 {
  clearSums();
  for (let number: u32 = 0; number < leafCount(); number++) {
    const leaf = leafAt(number);
    if (leaf == 0 || peekWord(noteAt(leaf, LEAF_NUMBER)) != number) return 1;
    if (peekWord(leafLockAt(number)) != 0) return u32(leafLockAt(number));
    for (let at = nextPosition(leaf, 0); at < LEAF_CELLS; at = nextPosition(leaf, at + 1)) {
      const handle = peekWord(cellAt(leaf, at));
      if (!zsIsHandle(handle) || !zsIsLive(handle)) return u32(cellAt(leaf, at));
      if (!isWhereItBelongs(zsPlace(handle), number, at)) return u32(cellAt(leaf, at));
      addToSums(zsPlace(handle));
    }
    if (!isLeafSound(leaf)) return leaf;
  }
  const unnamed = nextUnnamed(superblock().firstPfn);
  if (unnamed < superblock().pageCount) return pageAddress(unnamed);
  return areTotalsRight() && areSpacesRight() ? 0 : 1;
}

/** Whether each namespace has the entries that it says. Cost: all entries, for each name. */
function areSpacesRight(): bool {
  for (let space: u32 = 1; space <= spaceCount(); space++) {
    let found: u64 = 0;
    for (let number: u32 = 0; number < leafCount(); number++) {
      const leaf = leafAt(number);
      for (let at = nextPosition(leaf, 0); at < LEAF_CELLS; at = nextPosition(leaf, at + 1)) {
        if (spaceOf(zsPlace(peekWord(cellAt(leaf, at)))) == space) found++;
      }
    }
    if (found != spaceTotal(space, 0)) return false;
  }
  return true;
}

/** Whether who looks for the entry's key comes here. */
function isWhereItBelongs(place: Place, number: u32, at: u32): bool {
  const hash = entryHash(place);
  return numberFor(hash, leafCount()) == number && isLineOf(at, hash);
}

/** Objects of all entries; a chain of more than `limit` is a loop. */
export function countEntryParts(limit: u32): u32 {
  let parts: u32 = 0;
  for (let number: u32 = 0; number < leafCount(); number++) {
    const leaf = leafAt(number);
    for (let at = nextPosition(leaf, 0); at < LEAF_CELLS; at = nextPosition(leaf, at + 1)) {
      parts += countParts(peekWord(cellAt(leaf, at)), limit);
    }
  }
  return parts;
}
