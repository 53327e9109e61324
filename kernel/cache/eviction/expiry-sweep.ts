/**
 * Purge: entries whose time is over go before any that lives.
 *
 * Queues hold hashes and no times (fifo.ts), but each page knows the *least* expiry that was pushed
 * to it: a page whose least has not passed need not be looked at. One whose has is *swept*: its
 * records are copied, judged one by one without the shard's lock, and then those that are over, or
 * lead to no entry any more, are struck out.
 *
 * Eviction sweeps a page when it is *due*. After a sweep that is the time by which a sixteenth of
 * the page's expiring entries will be over: at the least expiry every single death would cost a
 * look at the whole page. So of what is over a sixteenth at most waits, and looks are paid by what
 * they free. A queue's `due` is a bound over its pages', made anew by each *round* over them;
 * `purgeNext` asks for the least, and leaves nothing.
 *
 *   sweep   hand.sweeping := page · least := never, due := never · records copied          lock
 *           each record judged (judge.ts)
 *           if the page is still the queue's: records struck out · least, due               lock
 *           hand.sweeping := 0
 * Who dies leaves a page without its least: a survivor makes it 0 (recover.ts).
 *
 * A page is told from another at the same address by its stamp (fifo.ts): those of a queue's pages
 * count up, and pages leave at the head.
 *
 * The copy, and what the survivors' times are, stand in the thread's table scratch; who has none
 * sweeps nothing.
 */
import { selfSlot } from '../../base/env';
import { PAGE_RECORDS } from '../../base/geometry';
import { peekWord, pokeWord } from '../../base/words';
import { tableScratch } from '../../memdesc/thread-pages';
import { hasExpiring, latestTime } from '../../thread/clock';
import { assertOutside } from '../../thread/context';
import { lock, unlock } from '../../thread/lock';
import {
  dueOf,
  Fifo,
  findFirst,
  firstFrom,
  hashesAt,
  hashIn,
  lowerDue,
  NEVER,
  NO_VISIT,
  pageOf,
  ROUND_OVER,
  strikeOut,
} from './fifo';
import { JUDGED_EXPIRED, JUDGED_GONE, judge, judgedExpiry, judgedUnits, NO_HITS } from './judge';
import { inHandOf } from './queue-pages';
import { queueAt, shardAt, shardCount } from './shard';

/** What a step came to: nothing is due; pages were looked at, none due so far; one was swept. */
const NOTHING: u32 = 0;
const WALKED: u32 = 1;
const SWEPT: u32 = 2;

/** Pages that are looked at under one hold of a shard's lock. */
const LOOKS: u32 = 64;
/** The share of a page's expiring entries that may be over before it is due: a sixteenth. */
const DUE_SHIFT: u32 = 4;

/** Survivors' times are counted by their logarithms, behind the copied hashes. */
const TIMES_AT: u32 = PAGE_RECORDS * 4;
const TIMES: u32 = 64;

/** Thread-local: the page that is being swept, and what is found in it. */
let swept: u32 = 0;
let stamp: u32 = 0;
let first: u32 = 0;
let end: u32 = 0;
let least: u64 = 0;
let expiring: u32 = 0;
let units: u32 = 0;
let entries: u32 = 0;

/** Thread-local: where `purgeNext` goes on: a queue, and the stamp of a page. */
let purgedQueue: u32 = 0;
let purgedStamp: u32 = 0;
let isAtHead: bool = true;
/** Thread-local: stamp of the last page that this queue had then. */
let lastStamp: u32 = 0;
/** Thread-local: whether it looks at pages in which nothing is over, too. */
let purgesAll: bool = false;

/**
 * Frees so many units of what is over, or all that is due.
 *
 * @returns units that were freed; `sweptEntries` says of how many entries
 */
export function sweepDue(wanted: u32): u32 {
  assertOutside();
  let freed: u32 = 0;
  let taken: u32 = 0;
  const queues: u32 = hasExpiring() ? 2 * shardCount() : 0;
  for (let i: u32 = 0; i < queues && freed < wanted; i++) {
    while (freed < wanted && sweepNext(i) != NOTHING) {
      freed += units;
      taken += entries;
    }
  }
  entries = taken;
  return freed;
}

export function sweptEntries(): u32 {
  return entries;
}

/**
 * Begins to purge all queues, by this thread: of what is over, or of every record that leads to
 * nothing.
 */
export function beginPurge(ofAll: bool): void {
  purgedQueue = 0;
  isAtHead = true;
  purgesAll = ofAll;
}

/**
 * Takes out what is over in the next page that has anything, if it is among the next 64 ones. The
 * time is what was told last.
 *
 * @returns entries that went, or −1 when every queue has been gone through
 */
export function purgeNext(): i32 {
  assertOutside();
  if (purgedQueue >= 2 * shardCount() || tableScratch() == 0) return -1;
  const shard = shardAt(purgedQueue >> 1);
  const isMain = (purgedQueue & 1) != 0;
  lock(shard);
  const queue = changetype<Fifo>(queueAt(shard, isMain));
  if (isAtHead) lastStamp = queue.lastStamp;
  let page = isAtHead ? queue.head : firstFrom(queue, purgedStamp);
  // What came since is for others: so it ends.
  if (page != 0 && i32(lastStamp - pageOf(page).stamp) < 0) page = 0;
  const now = latestTime();
  for (let looks: u32 = 0; page != 0 && looks < LOOKS && !isPurged(page, now); looks++) {
    page = pageOf(page).next;
  }
  isAtHead = page == 0;
  if (page == 0) purgedQueue++;
  else purgedStamp = pageOf(page).stamp;
  const isNext = page != 0 && isPurged(page, now);
  if (isNext) beginSweep(page);
  unlock(shard);
  if (!isNext) return 0;
  purgedStamp++;
  sweep(shard, isMain, now);
  return i32(entries);
}

function isPurged(page: u32, now: u64): bool {
  return purgesAll || pageOf(page).least <= now;
}

/** Sweeps the next page of a queue that is due. @returns NOTHING, WALKED or SWEPT */
function sweepNext(index: u32): u32 {
  units = 0;
  entries = 0;
  if (tableScratch() == 0) return NOTHING;
  const shard = shardAt(index >> 1);
  const isMain = (index & 1) != 0;
  const now = latestTime();
  lock(shard);
  const outcome = findDue(changetype<Fifo>(queueAt(shard, isMain)), now);
  unlock(shard);
  if (outcome == SWEPT) sweep(shard, isMain, now);
  return outcome;
}

/** Goes on with the round over a queue's pages up to one that is due. Shard lock held. */
function findDue(queue: Fifo, now: u64): u32 {
  if (queue.due > now || queue.head == 0) return NOTHING;
  if (queue.visit == ROUND_OVER) {
    queue.due = queue.nextDue;
    queue.visit = NO_VISIT;
    return WALKED;
  }
  let page = queue.visit == NO_VISIT ? queue.head : firstFrom(queue, queue.visitStamp);
  if (queue.visit == NO_VISIT) queue.nextDue = NEVER;
  let outcome = WALKED;
  for (let looks: u32 = 0; page != 0 && looks < LOOKS && outcome == WALKED; looks++) {
    if (dueOf(page) <= now) {
      beginSweep(page);
      outcome = SWEPT;
    } else queue.nextDue = min(queue.nextDue, dueOf(page));
    page = pageOf(page).next;
  }
  queue.visit = page == 0 ? ROUND_OVER : page;
  if (page != 0) queue.visitStamp = pageOf(page).stamp;
  return outcome;
}

/** Copies what is to be judged. From here on pushes say when the page is due. Shard lock held. */
function beginSweep(page: u32): void {
  inHandOf(selfSlot()).sweeping = page;
  const at = pageOf(page);
  swept = page;
  stamp = at.stamp;
  first = at.first;
  end = max(at.first, at.count);
  at.least = NEVER;
  at.delay = 0;
  memory.copy(tableScratch(), hashesAt(page, first), (end - first) * 4);
}

function sweep(shard: u32, isMain: bool, now: u64): void {
  judgeCopied(isMain, now);
  const due = dueOfRest(now);
  lock(shard);
  const queue = changetype<Fifo>(queueAt(shard, isMain));
  // Else all of it was popped meanwhile, by somebody who judged it; the page may be begun anew.
  if (firstFrom(queue, stamp) == swept && pageOf(swept).stamp == stamp) {
    strikeJudged(queue);
    lowerDue(queue, swept, least, due);
    // Pages without a record are dropped.
    findFirst(changetype<u32>(queue));
  }
  unlock(shard);
  inHandOf(selfSlot()).sweeping = 0;
}

/** Judges the copied hashes; those that lead to an entry stay. */
function judgeCopied(isMain: bool, now: u64): void {
  const copied = tableScratch();
  memory.fill(copied + TIMES_AT, 0, TIMES * 4);
  least = NEVER;
  expiring = 0;
  units = 0;
  entries = 0;
  for (let i = first; i < end; i++) {
    const at = copied + (i - first) * 4;
    const hash = peekWord(at);
    if (hash == 0) continue;
    const verdict = judge(hash, isMain, NO_HITS);
    if (verdict == JUDGED_EXPIRED) {
      units += judgedUnits();
      entries++;
    } else if (verdict != JUDGED_GONE) {
      noteTime(copied, judgedExpiry(), now);
      pokeWord(at, 0);
    }
  }
}

/** Counts when a survivor will be over. */
function noteTime(copied: u32, expiry: u64, now: u64): void {
  if (expiry == 0) return;
  const left = expiry > now ? expiry - now : 1;
  const at = copied + TIMES_AT + u32(63 - clz(left)) * 4;
  pokeWord(at, peekWord(at) + 1);
  expiring++;
  least = min(least, expiry);
}

/** A time before which a sixteenth of the survivors at most is over. */
function dueOfRest(now: u64): u64 {
  if (expiring == 0) return NEVER;
  let over: u32 = 0;
  let time: u32 = 0;
  const times = tableScratch() + TIMES_AT;
  while (over + peekWord(times + time * 4) <= expiring >> DUE_SHIFT) {
    over += peekWord(times + time * 4);
    time++;
  }
  return max(least, now + (u64(1) << time));
}

/** Strikes out the records that were judged, as far as they are there. Shard lock held. */
function strikeJudged(queue: Fifo): void {
  const copied = tableScratch();
  for (let i = max(first, pageOf(swept).first); i < end; i++) {
    const hash = peekWord(copied + (i - first) * 4);
    if (hash != 0 && hash == hashIn(swept, i)) strikeOut(queue, swept, i);
  }
}
