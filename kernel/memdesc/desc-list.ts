/**
 * Lists of descriptors: the slabs of a cache, or the zspages of a class, that have room.
 *
 * Doubly linked through the descriptors, so that one can be taken out of the middle. The head is a
 * word of the list's owner. Lock: whatever protects the owner. A descriptor has two words for it,
 * next and prev; `links` says how far from its beginning they stand: a zspage's elsewhere than a
 * slab's.
 *
 * on a list ⇔ reachable from its head; next = prev = 0 off every list
 */
import { Desc } from '../base/layout';
import { peekWord, pokeWord } from '../base/words';
import { Header } from './header';

/** A slab, as its cache lists it while it has room; for lower floors, which do not know slabs. */
@unmanaged
export class ListedDesc extends Header {
  /** Number of the cache; RETIRED (slab/slab.ts). */
  cache: u32;
  inUse: u32;
  next: u32;
  prev: u32;
}

const LINKS = offsetof<ListedDesc>('next');

/** Where next stands; prev behind it. */
@unmanaged
class Links {
  next: u32;
  prev: u32;
}

function linksOf(desc: Desc, links: usize): Links {
  return changetype<Links>(usize(desc) + links);
}

export function enlist(headAt: usize, desc: Desc, links: usize = LINKS): void {
  const first = peekWord(headAt);
  linksOf(desc, links).prev = 0;
  linksOf(desc, links).next = first;
  if (first != 0) linksOf(first, links).prev = desc;
  pokeWord(headAt, desc);
}

export function unlist(headAt: usize, desc: Desc, links: usize = LINKS): void {
  const next = linksOf(desc, links).next;
  const prev = linksOf(desc, links).prev;
  if (prev != 0) linksOf(prev, links).next = next;
  else pokeWord(headAt, next);
  if (next != 0) linksOf(next, links).prev = prev;
  linksOf(desc, links).next = 0;
  linksOf(desc, links).prev = 0;
}
