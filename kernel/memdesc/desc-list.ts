/**
 * Lists of descriptors: the slabs of a cache, or the zspages of a class, that have room.
 *
 * Doubly linked through the descriptors, so that one can be taken out of the middle. The head is a
 * word of the list's owner. Lock: whatever protects the owner.
 *
 * on a list ⇔ reachable from its head; next = prev = 0 off every list
 */
import { peekWord, pokeWord } from '../base/words';
import { Header } from './header';

/** A descriptor that belongs to a group of its kind, and is listed there while it has room. */
@unmanaged
export class ListedDesc extends Header {
  /** Number of the cache or size class. */
  group: u32;
  inUse: u32;
  next: u32;
  prev: u32;
}

export function listed(desc: u32): ListedDesc {
  return changetype<ListedDesc>(desc);
}

export function enlist(headAt: usize, desc: u32): void {
  const first = peekWord(headAt);
  listed(desc).prev = 0;
  listed(desc).next = first;
  if (first != 0) listed(first).prev = desc;
  pokeWord(headAt, desc);
}

export function unlist(headAt: usize, desc: u32): void {
  const next = listed(desc).next;
  const prev = listed(desc).prev;
  if (prev != 0) listed(prev).next = next;
  else pokeWord(headAt, next);
  if (next != 0) listed(next).prev = prev;
  listed(desc).next = 0;
  listed(desc).prev = 0;
}
