/**
 * Eviction: which entry goes when memory is short. S3-FIFO, counted in stored bytes.
 *
 * Most keys are asked for once and never again. So what is new goes through a *small* queue, a
 * twelfth of what is stored, and only what was hit twice meanwhile gets into the *main* queue,
 * where a hit is worth another round. What the small queue drops is remembered as a *ghost*; a
 * ghost that is set again belongs to the main queue at once.
 *
 *   small   hit twice? → main · else out, and a ghost
 *   main    hit? → back to its end, one hit fewer · else out
 *   a value larger than a tenth of the small queue never passes it: it would drive all others out
 *
 * A hit is a byte in the entry's node that rises to 3 (judge.ts): nothing moves, and a hot entry is
 * not written at all. Overwriting is a hit, and keeps the place. Queues hold hashes (fifo.ts), and
 * `judge` asks the index what is behind one.
 *
 * A record outlives its entry. Where entries are deleted faster than evicted, those that push look
 * through the queues, two records each, until the dead ones are out.
 *
 * Death: a record is written down as this thread's (`evicting`) before it is popped, and pushed
 * again by a survivor; whatever a shard's lock protects is counted anew (recover.ts).
 *
 * Source: Yang et al., FIFO queues are all you need for cache eviction, SOSP 2023. Twice as many
 * ghosts as theirs: docs/design/70-store.md has the figures.
 */
import { selfSlot } from '../../base/env';
import { PAGE_RECORDS } from '../../base/geometry';
import { PAGE_BYTES, superblock } from '../../base/layout';
import { touchEntry, touchLine } from '../../store/directory';
import { entryCount } from '../../store/totals';
import { assertLocked } from '../../thread/context';
import { lock, unlock } from '../../thread/lock';
import { enterSection, leaveSection } from '../../thread/rcu';
import { sweepDue, sweptEntries } from './expiry-sweep';
import { Fifo, findFirst, hashAhead, push, recordsAhead, takeFirst, unitsFor } from './fifo';
import { addGhost, forgetGhosts, hasGhosts, takeGhost } from './ghosts';
import {
  JUDGED_EVICTED,
  JUDGED_EXPIRED,
  JUDGED_KEPT,
  JUDGED_PROMOTED,
  judge,
  judgedExpiry,
  judgedUnits,
  NO_HITS,
  sweepSome,
} from './judge';
import { inHandOf } from './queue-pages';
import { ghostsAt, queueAt, shardAt, shardCount, shardOf, tidyAt } from './shard';
import { sweepDead } from './tag-sweep';

/** The small queue is a twelfth of a shard: over traces OLTP wants more, loops want less. */
const SMALL_SHARE: u64 = 12;
/** What it may not hold is a tenth of that. */
const LARGE_SHARE: u64 = 10;
/** Hits that lead from small to main. One would let scans in: corda loses 3.8 points. */
const SMALL_HITS: u32 = 2;
const MAIN_HITS: u32 = 1;
/** More than any entry has: it goes, whoever asks for it meanwhile. */
const ANY_HITS: u32 = 255;
/** Records that are judged for one eviction at most: every one in main five times. */
const ROUNDS: u32 = 5;

/** Entries that are evicted of a shard before it is the next one's turn. */
const AHEAD: u32 = 8;

/** Records that an addition looks after: one more than it adds. */
const RENEWALS: u32 = 2;

@unmanaged
class Tidy {
  /** Records that have not been looked through since there were too many. */
  left: u32;
  /** So many are not too many. */
  limit: u32;
}

/** Thread-local: the shard whose turn it is. */
let turn: u32 = 0;
/** Of no use but that what is added to it is loaded. */
let warmth: u32 = 0;

function recordsOf(shard: u32, isMain: bool): u32 {
  return changetype<Fifo>(queueAt(shard, isMain)).records;
}

function unitsOf(shard: u32, isMain: bool): u64 {
  return changetype<Fifo>(queueAt(shard, isMain)).units;
}

function isLarge(units: u32): bool {
  const all = superblock().pageCount * unitsFor(PAGE_BYTES);
  return u64(units) * SMALL_SHARE * LARGE_SHARE > all;
}

/**
 * Whether a new entry begins in the main queue; if its key is a ghost it is forgotten.
 *
 * Cost: a lock, and a line, where anything is remembered.
 */
export function beginsInMain(hash: u32, units: u32): bool {
  const shard = shardOf(hash);
  let isGhost: bool = false;
  if (hasGhosts(ghostsAt(shard))) {
    lock(shard);
    isGhost = takeGhost(ghostsAt(shard), hash);
    unlock(shard);
  }
  return isGhost || isLarge(units);
}

/** Forgets which keys were driven out: those that stayed are about to be forgotten as well. */
export function forgetDriven(): void {
  for (let i: u32 = 0; i < shardCount(); i++) {
    const shard = shardAt(i);
    lock(shard);
    forgetGhosts(ghostsAt(shard));
    unlock(shard);
  }
}

/**
 * Queues an entry that has just been published. Without a page for its record it is not queued:
 * `sweepSome` finds it when everything else is gone.
 */
export function pushEntry(hash: u32, isMain: bool, units: u32, expiry: u64): void {
  const shard = shardOf(hash);
  lock(shard);
  push(queueAt(shard, isMain), hash, units, expiry);
  const isUntidy = findUntidy(shard);
  unlock(shard);
  for (let i: u32 = 0; isUntidy && i < RENEWALS; i++) renewOne(shard);
}

/**
 * Whether records of deleted entries are to be looked for: when there are twice as many records as
 * entries, all of them are looked through once.
 */
function findUntidy(shard: u32): bool {
  assertLocked(shard);
  const tidy = changetype<Tidy>(tidyAt(shard));
  const records = recordsOf(shard, false) + recordsOf(shard, true);
  if (tidy.left == 0 && records > tidy.limit) {
    // Of this shard, about. A page more, so that it is worth it.
    tidy.limit = 2 * (entryCount() / shardCount()) + PAGE_RECORDS;
    if (records > tidy.limit) tidy.left = records;
  }
  return tidy.left != 0;
}

/** Takes the oldest record of the longer queue, and puts it to its end if it leads to an entry. */
function renewOne(shard: u32): void {
  lock(shard);
  const tidy = changetype<Tidy>(tidyAt(shard));
  if (tidy.left != 0) tidy.left--;
  const isMain = recordsOf(shard, true) > recordsOf(shard, false);
  const isFound = popFrom(shard, isMain);
  unlock(shard);
  if (!isFound) return;
  const hash = inHandOf(selfSlot()).evicting;
  if (judge(hash, isMain, NO_HITS) == JUDGED_KEPT) {
    lock(shard);
    push(queueAt(shard, isMain), hash, judgedUnits(), judgedExpiry());
    unlock(shard);
  }
  inHandOf(selfSlot()).evicting = 0;
}

/**
 * Queues what a dead thread had popped and not judged. Its size and its expiry are not known any
 * more: the next sweep finds out.
 */
export function pushAgain(hash: u32, isMain: bool): void {
  pushEntry(hash, isMain, 1, 1);
}

/**
 * Evicts until so many stored bytes are out, what is over before what lives. @returns how many
 * entries went; 0 = there is none
 */
export function evictSome(bytes: u32): u32 {
  const wanted = unitsFor(bytes);
  let freed = sweepDue(wanted);
  let entries = sweptEntries();
  if (freed < wanted) {
    const went = max(sweepDead(wanted - freed), 0);
    entries += u32(went);
    freed += u32(went >> 32);
  }
  let empty: u32 = 0;
  while (freed < wanted && empty < shardCount()) {
    turn = (turn + 1) & (shardCount() - 1);
    const shard = shardAt(turn);
    warm(shard, wanted - freed);
    let units: u32 = 1;
    for (let i: u32 = 0; i < AHEAD && units != 0 && freed < wanted; i++) {
      units = evictOne(shard);
      freed += units;
      if (units != 0) entries++;
    }
    empty = units == 0 ? empty + 1 : 0;
  }
  if (freed < wanted) entries += sweepSome(wanted - freed);
  return entries;
}

/**
 * Looks at what the next records will need, all lines before all entries: what must come from
 * memory then comes for several at a time.
 */
function warm(shard: u32, wanted: u32): void {
  lock(shard);
  enterSection();
  const queue = queueAt(shard, !isSmallNext(shard));
  const count = recordsAhead(queue, AHEAD, wanted);
  for (let i: u32 = 0; i < count; i++) warmth += touchLine(hashAhead(queue, i));
  for (let i: u32 = 0; i < count; i++) warmth += touchEntry(hashAhead(queue, i));
  leaveSection();
  unlock(shard);
}

/** Evicts an entry of a shard. @returns its units, 0 = no record leads to an entry */
function evictOne(shard: u32): u32 {
  let records = popNext(shard);
  for (let looks: u32 = 0; records != 0; looks++, records = popNext(shard)) {
    const hand = inHandOf(selfSlot());
    const hash = hand.evicting;
    const isMain = hand.evictingMain != 0;
    const hits = looks > records * ROUNDS ? ANY_HITS : isMain ? MAIN_HITS : SMALL_HITS;
    const verdict = judge(hash, isMain, hits);
    const units = judgedUnits();
    settle(shard, hash, isMain, verdict);
    if (verdict == JUDGED_EVICTED || verdict == JUDGED_EXPIRED) return units;
  }
  return 0;
}

/** Pops the record whose turn it is into this thread's hand. @returns how many there were */
function popNext(shard: u32): u32 {
  lock(shard);
  const records = recordsOf(shard, false) + recordsOf(shard, true);
  const isSmall = isSmallNext(shard);
  const isFound = popFrom(shard, !isSmall) || popFrom(shard, isSmall);
  unlock(shard);
  return isFound ? records : 0;
}

/** Whether the small queue has more than its share. */
function isSmallNext(shard: u32): bool {
  const small = unitsOf(shard, false);
  return small != 0 && small * SMALL_SHARE >= small + unitsOf(shard, true);
}

function popFrom(shard: u32, isMain: bool): bool {
  const queue = queueAt(shard, isMain);
  const hash = findFirst(queue);
  if (hash == 0) return false;
  const hand = inHandOf(selfSlot());
  // Before it is taken: who dies from here on leaves it in one of the two, or in both.
  hand.evictingMain = isMain ? 1 : 0;
  hand.evicting = hash;
  takeFirst(queue);
  return true;
}

/** Does with a record what was judged of its entry; it is in hand no more. */
function settle(shard: u32, hash: u32, isMain: bool, verdict: u32): void {
  const isGhost = verdict == JUDGED_EVICTED && !isMain;
  const isBack = verdict == JUDGED_PROMOTED || verdict == JUDGED_KEPT;
  if (isGhost || isBack) {
    lock(shard);
    const entries = recordsOf(shard, false) + recordsOf(shard, true);
    if (isGhost) addGhost(ghostsAt(shard), hash, entries);
    // What is kept was main's, what is promoted is now.
    else push(queueAt(shard, true), hash, judgedUnits(), judgedExpiry());
    unlock(shard);
  }
  inHandOf(selfSlot()).evicting = 0;
}
