/**
 * Ghosts: which keys were driven out lately. One that comes back has proven that it is wanted, and
 * goes to the main queue at once.
 *
 * A *line* is 64 bytes: 32 fingerprints of 16 bits, the newest first; one that is added pushes the
 * last one out. There are as many lines as hold 1.75 times the shard's entries: Zipf's and loops'
 * keys come back after longer than a cache's length, and those that come back later still would
 * drive out better ones. The lines grow and shrink one at a time, as the index does: line n begins
 * as a copy of n − 2^L, so that what is remembered stays so. A fingerprint may lie: 32 in 65,536
 * times.
 *
 * All this is a guess about the future, so what a death leaves of it is as good as before.
 *
 *   ghosts   directory: a page of the pages' addresses · pages · lines
 *
 * Lock: the shard's.
 */
import { GHOST_CELLS } from '../../base/geometry';
import { Cell, PAGE_BYTES } from '../../base/layout';
import { loadWord, peekCell, peekWord, pokeCell, pokeWord, storeWord } from '../../base/words';
import { dropPage, holdPage, settlePage, takePage } from './queue-pages';

const LINE_SHIFT: u32 = 6;
const LINES_SHIFT: u32 = 6;
const LINE_GHOSTS: u32 = 4 * GHOST_CELLS;
/** Ghosts for each entry, in quarters. Over traces 1.75 gives 49.3 % hits, 2 gives 49.1. */
const QUARTER_GHOSTS: u32 = 7;
/** Words of the directory: two million ghosts a shard. */
const MAX_PAGES: u32 = PAGE_BYTES / 4;
/** Lines that an addition moves at most: growth is never a pause. */
const STEPS: u32 = 4;
/** The lowest and the highest bit of each of a cell's four fingerprints. */
const ONES: u64 = 0x0001_0001_0001_0001;
const TOPS: u64 = 0x8000_8000_8000_8000;

@unmanaged
export class Ghosts {
  directory: u32;
  pages: u32;
  lines: u32;
}

function fingerprint(hash: u32): u64 {
  return u64(max(hash & 0xffff, 1));
}

function lineAt(ghosts: Ghosts, line: u32): usize {
  const page = peekWord(ghosts.directory + (line >> LINES_SHIFT) * 4);
  return page + ((line & ((1 << LINES_SHIFT) - 1)) << LINE_SHIFT);
}

/**
 * The line of a hash: by bits that are mixed, for the fingerprint has the lower ones as they are.
 */
function lineOf(ghosts: Ghosts, hash: u32): usize {
  const mixed = (hash * 0x9e37_79b1) >> 8;
  const mask = u32.MAX_VALUE >> clz(ghosts.lines);
  const line = mixed & mask;
  return lineAt(ghosts, line < ghosts.lines ? line : line & (mask >> 1));
}

/** Bits at the top of the lowest lane that equals, and perhaps of others. */
function matches(cell: Cell, lanes: u64): u64 {
  const differing = cell ^ lanes;
  return (differing - ONES) & ~differing & TOPS;
}

/** Whether any key is remembered: a momentary answer, for who has no lock. */
export function hasGhosts(at: u32): bool {
  return loadWord(at + offsetof<Ghosts>('lines')) != 0;
}

function setLines(ghosts: Ghosts, lines: u32): void {
  storeWord(changetype<usize>(ghosts) + offsetof<Ghosts>('lines'), lines);
}

/** Whether the key of a hash is remembered; it is forgotten then. */
export function takeGhost(at: u32, hash: u32): bool {
  const ghosts = changetype<Ghosts>(at);
  if (ghosts.lines == 0) return false;
  const line = lineOf(ghosts, hash);
  const lanes = fingerprint(hash) * ONES;
  for (let i: u32 = 0; i < GHOST_CELLS; i++) {
    const cell = peekCell(line + i * 8);
    const found = matches(cell, lanes);
    if (found == 0) continue;
    const lane = u64(ctz(found)) & ~15;
    pokeCell(line + i * 8, cell & ~(u64(0xffff) << lane));
    return true;
  }
  return false;
}

/** Remembers a key that is driven out of a shard of so many entries. */
export function addGhost(at: u32, hash: u32, entries: u32): void {
  const ghosts = changetype<Ghosts>(at);
  resize(ghosts, max(1, ((entries * QUARTER_GHOSTS) / 4 + LINE_GHOSTS / 2) / LINE_GHOSTS));
  if (ghosts.lines == 0) return;
  const line = lineOf(ghosts, hash);
  let carried = fingerprint(hash);
  for (let i: u32 = 0; i < GHOST_CELLS; i++) {
    const cell = peekCell(line + i * 8);
    pokeCell(line + i * 8, (cell << 16) | carried);
    carried = cell >> 48;
  }
}

function resize(ghosts: Ghosts, wanted: u32): void {
  for (let step: u32 = 0; step < STEPS && ghosts.lines != wanted; step++) {
    if (ghosts.lines > wanted) shrink(ghosts);
    else if (!grow(ghosts)) return;
  }
}

/** Adds a line. @returns false without a page for it */
function grow(ghosts: Ghosts): bool {
  const line = ghosts.lines;
  if (line >> LINES_SHIFT >= ghosts.pages && !addPage(ghosts)) return false;
  if (line != 0) {
    const mask = u32.MAX_VALUE >> clz(line);
    memory.copy(lineAt(ghosts, line), lineAt(ghosts, line & (mask >> 1)), 1 << LINE_SHIFT);
  }
  setLines(ghosts, line + 1);
  return true;
}

function addPage(ghosts: Ghosts): bool {
  if (ghosts.pages == MAX_PAGES) return false;
  if (ghosts.directory == 0) {
    ghosts.directory = takePage();
    settlePage();
    if (ghosts.directory == 0) return false;
  }
  const page = takePage();
  if (page == 0) return false;
  pokeWord(ghosts.directory + ghosts.pages * 4, page);
  ghosts.pages++;
  settlePage();
  return true;
}

/** Takes a line away, and the last page when a whole one before it is unused. */
function shrink(ghosts: Ghosts): void {
  setLines(ghosts, ghosts.lines - 1);
  const needed = ((ghosts.lines - 1) >> LINES_SHIFT) + 1;
  if (ghosts.pages >= needed + 2) dropLast(ghosts);
}

/** Forgets all keys. A death on the way leaves pages that the next ones fill. */
export function forgetGhosts(at: u32): void {
  const ghosts = changetype<Ghosts>(at);
  setLines(ghosts, 0);
  while (ghosts.pages != 0) dropLast(ghosts);
}

function dropLast(ghosts: Ghosts): void {
  holdPage(peekWord(ghosts.directory + (ghosts.pages - 1) * 4));
  ghosts.pages--;
  dropPage();
}

/** Whether a page is one of the ghosts'. */
export function hasGhostPage(at: u32, sought: u32): bool {
  const ghosts = changetype<Ghosts>(at);
  if (ghosts.directory == sought) return true;
  for (let i: u32 = 0; i < ghosts.pages; i++) {
    if (peekWord(ghosts.directory + i * 4) == sought) return true;
  }
  return false;
}

/** Pages of ghosts, the directory's included. */
export function ghostPages(at: u32): u32 {
  const ghosts = changetype<Ghosts>(at);
  return ghosts.directory == 0 ? 0 : ghosts.pages + 1;
}
