/**
 * Registering namespaces (spaces.ts), and the pages that threads count in.
 *
 * Who registers a name takes pages for the slots of all threads so far; who comes later takes its
 * own of all names (`joinSpaces`). Both hold the store lock, so none is missed.
 *
 * A death leaves a name that is not counted yet, whose place and pages the next one takes; or a
 * page that nobody names, which a survivor frees (`reshaping`, recover.ts).
 */
import { selfSlot } from '../base/env';
import { ERR_FULL, ERR_NO_MEMORY } from '../base/fault';
import { loadWord, storeWord } from '../base/words';
import { keyScratch } from '../memdesc/thread-pages';
import { assertLocked } from '../thread/context';
import { lock, unlock } from '../thread/lock';
import { highestSlot } from '../thread/slot';
import { newIndexPage } from './directory';
import { STORE_LOCK, selfJournal } from './journal';
import {
  groupOf,
  MAX_SPACES,
  Space,
  setSpaceCount,
  spaceAt,
  spaceCount,
  spaceNameAt,
  spacePageAt,
} from './spaces';

/**
 * Finds the name in the key scratch, or makes it one with these options.
 *
 * @param nameBytes  1 … MAX_SPACE_NAME
 * @returns its space, ERR_FULL, or ERR_NO_MEMORY; then nothing has changed
 */
export function registerName(nameBytes: u32, values: u32, ttl: f64, staleFor: f64): i32 {
  lock(STORE_LOCK);
  const names = spaceCount();
  let space: u32 = 1;
  while (space <= names && !hasName(space, nameBytes)) space++;
  let outcome = i32(space);
  if (space > names) outcome = makeSpace(space, nameBytes, values, ttl, staleFor);
  unlock(STORE_LOCK);
  return outcome;
}

function hasName(space: u32, nameBytes: u32): bool {
  if (changetype<Space>(spaceAt(space)).nameBytes != nameBytes) return false;
  return memory.compare(spaceNameAt(space), keyScratch(), nameBytes) == 0;
}

function makeSpace(space: u32, nameBytes: u32, values: u32, ttl: f64, staleFor: f64): i32 {
  if (space > MAX_SPACES) return ERR_FULL;
  for (let group: u32 = 0, last = groupOf(highestSlot()); group <= last; group++) {
    if (!takePage(space, group)) return ERR_NO_MEMORY;
  }
  const record = changetype<Space>(spaceAt(space));
  record.nameBytes = nameBytes;
  record.values = values;
  record.ttl = ttl;
  record.staleFor = staleFor;
  memory.copy(spaceNameAt(space), keyScratch(), nameBytes);
  setSpaceCount(space);
  return i32(space);
}

/** Takes the page that a group of slots counts in, if it is not there yet. */
function takePage(space: u32, group: u32): bool {
  assertLocked(STORE_LOCK);
  const at = spacePageAt(space, group);
  if (loadWord(at) != 0) return true;
  selfJournal().reshaping = 1;
  storeWord(at, newIndexPage());
  selfJournal().reshaping = 0;
  return loadWord(at) != 0;
}

/** Takes this thread's pages of all spaces. @returns false: out of memory */
export function joinSpaces(): bool {
  let areThere: bool = true;
  lock(STORE_LOCK);
  for (let space: u32 = 1; areThere && space <= spaceCount(); space++) {
    areThere = takePage(space, groupOf(selfSlot()));
  }
  unlock(STORE_LOCK);
  return areThere;
}
