/**
 * Zspages of scattered pages, described in two ways: one descriptor for all pages, or one for each.
 *
 *   SHARED  one of 96 bytes, which lists the pages; each page's word leads to it. The kernel's way
 *   LINKED  one of 64 bytes for the zspage, and one of 32 for each page, which leads to the next
 *           and to the zspage: what Linux' zpdesc is over `struct page`, allocated on its own
 */
import { Pfn } from '../base/layout';
import { loadWord, peekWord, pokeWord } from '../base/words';
import { CLASS_MOVABLE } from '../frames/class';
import { giveBlock, takeBlock } from '../frames/frames';
import { headerOf, initHeader, publish } from '../memdesc/header';
import { pageWord, storePageWord, wordDescriptor } from '../memdesc/page-word';
import { TYPE_FREE, TYPE_ZSPAGE } from '../memdesc/type';
import {
  allocObject,
  CACHE_FOLIO,
  CACHE_FOLIO_64,
  CACHE_ZSPAGE,
  freeObject,
} from '../slab/kmem-cache';
import { begin, end, noteAt } from './call';

export const CHAIN_SHARED: u32 = 0;
export const CHAIN_LINKED: u32 = 1;

/** SHARED: the list of pages begins behind the header. */
const LIST: u32 = 16;
/** LINKED: in the zspage its first page's descriptor; in those the next one, and the zspage. */
const FIRST: u32 = 16;
const NEXT: u32 = 16;
const ZSPAGE: u32 = 20;

/** Makes chains of `pages` pages and notes them. @returns how many there were */
export function makeChains(kind: u32, pages: u32, count: u32): u32 {
  let made: u32 = 0;
  begin();
  for (; made < count; made++) {
    const zspage = makeChain(kind, pages);
    if (zspage == 0) break;
    pokeWord(noteAt(made), zspage);
  }
  end();
  return made;
}

export function dropChains(kind: u32, pages: u32, count: u32): void {
  begin();
  for (let i: u32 = 0; i < count; i++) freeChain(kind, peekWord(noteAt(i)), pages);
  end();
}

/** Pairs of making and dropping a chain. */
export function chainPairs(kind: u32, pages: u32, pairs: u32): void {
  begin();
  for (let i: u32 = 0; i < pairs; i++) {
    const zspage = makeChain(kind, pages);
    if (zspage == 0) unreachable();
    freeChain(kind, zspage, pages);
  }
  end();
}

/**
 * Lists the pages of all noted chains. @returns the sum of their numbers, so that none is left out
 */
export function listChains(kind: u32, pages: u32, count: u32): u32 {
  let sum: u32 = 0;
  begin();
  for (let i: u32 = 0; i < count; i++) {
    const zspage = peekWord(noteAt(i));
    sum += kind == CHAIN_SHARED ? listShared(zspage, pages) : listLinked(zspage);
  }
  end();
  return sum;
}

/** Finds the zspage of a page of each noted chain. @returns their sum */
export function findZspages(kind: u32, count: u32): u32 {
  let sum: u32 = 0;
  begin();
  for (let i: u32 = 0; i < count; i++)
    sum += zspageOfPage(kind, lastPage(kind, peekWord(noteAt(i))));
  end();
  return sum;
}

function makeChain(kind: u32, pages: u32): u32 {
  return kind == CHAIN_SHARED ? makeShared(pages) : makeLinked(pages);
}

function freeChain(kind: u32, zspage: u32, pages: u32): void {
  if (kind == CHAIN_SHARED) freeShared(zspage, pages);
  else freeLinked(zspage);
}

function makeShared(pages: u32): u32 {
  const zspage = allocObject(CACHE_ZSPAGE);
  if (zspage == 0) return 0;
  initHeader(zspage, TYPE_ZSPAGE, 0, 0);
  for (let k: u32 = 0; k < pages; k++) {
    const pfn = takeBlock(0, CLASS_MOVABLE);
    if (pfn == 0) unreachable();
    pokeWord(zspage + LIST + k * 4, pfn);
    storePageWord(pfn, zspage | TYPE_ZSPAGE);
  }
  publish(zspage);
  return zspage;
}

function freeShared(zspage: u32, pages: u32): void {
  for (let k: u32 = 0; k < pages; k++) givePage(peekWord(zspage + LIST + k * 4));
  freeObject(CACHE_ZSPAGE, zspage);
}

function makeLinked(pages: u32): u32 {
  const zspage = allocObject(CACHE_FOLIO_64);
  if (zspage == 0) return 0;
  initHeader(zspage, TYPE_ZSPAGE, 0, 0);
  let next: u32 = 0;
  for (let k: u32 = 0; k < pages; k++) next = makeLink(zspage, next);
  pokeWord(zspage + FIRST, next);
  publish(zspage);
  return zspage;
}

/** One page with its descriptor. @returns the descriptor */
function makeLink(zspage: u32, next: u32): u32 {
  const desc = allocObject(CACHE_FOLIO);
  const pfn = takeBlock(0, CLASS_MOVABLE);
  if (desc == 0 || pfn == 0) unreachable();
  initHeader(desc, TYPE_ZSPAGE, 0, pfn);
  pokeWord(desc + NEXT, next);
  pokeWord(desc + ZSPAGE, zspage);
  storePageWord(pfn, desc | TYPE_ZSPAGE);
  publish(desc);
  return desc;
}

function freeLinked(zspage: u32): void {
  let desc = peekWord(zspage + FIRST);
  while (desc != 0) {
    const next = peekWord(desc + NEXT);
    givePage(headerOf(desc).pfn);
    freeObject(CACHE_FOLIO, desc);
    desc = next;
  }
  freeObject(CACHE_FOLIO_64, zspage);
}

function givePage(pfn: Pfn): void {
  storePageWord(pfn, TYPE_FREE);
  giveBlock(pfn, 0);
}

function listShared(zspage: u32, pages: u32): u32 {
  let sum: u32 = 0;
  for (let k: u32 = 0; k < pages; k++) sum += loadWord(zspage + LIST + k * 4);
  return sum;
}

function listLinked(zspage: u32): u32 {
  let sum: u32 = 0;
  for (let desc = loadWord(zspage + FIRST); desc != 0; desc = loadWord(desc + NEXT)) {
    sum += headerOf(desc).pfn;
  }
  return sum;
}

/** The page that stands first in the zspage: how its number is come by is not what is measured. */
function lastPage(kind: u32, zspage: u32): u32 {
  return kind == CHAIN_SHARED ? peekWord(zspage + LIST) : headerOf(peekWord(zspage + FIRST)).pfn;
}

function zspageOfPage(kind: u32, pfn: Pfn): u32 {
  const desc = wordDescriptor(pageWord(pfn));
  return kind == CHAIN_SHARED ? desc : loadWord(desc + ZSPAGE);
}
