/**
 * Reclaim: what happens to objects whose grace period is over.
 *
 * The store is the topmost floor, so this is where limbo's kinds are told apart: values and nodes
 * are its own, zspages and slabs belong to the floors below. Values come first because freeing them
 * is what empties zspages, and freeing zspages is what empties slabs.
 *
 * Back-pressure: readers leave their sections within microseconds, unless one is off its CPU or
 * dead. Then limbo grows, and whoever adds to a full one waits some milliseconds for the grace
 * period, each time: writers go on, slowly, and what they replace does not become all of the zone.
 *
 * Context: no lock held; ends the caller's section. Never allocates.
 */
import { selfSlot } from '../base/env';
import { trapIfPoisoned } from '../base/fault';
import { superblock } from '../base/layout';
import { loadWord, peekWord } from '../base/words';
import { pagesShort } from '../frames/watermark';
import { linkAt, takeForFree } from '../memdesc/header';
import { drainSlab } from '../slab/drain';
import { CACHE_NODE, freeObject } from '../slab/kmem-cache';
import { reclaimSlabs } from '../slab/retire';
import { waitingSlabs } from '../slab/slabs';
import { releaseEntry } from '../store/entry';
import { Node } from '../store/hash-index';
import { COUNT_LIMBO_WAITS, count } from '../thread/counters';
import {
  LIMBO_KINDS,
  LIMBO_NODE,
  LIMBO_OBJECT,
  LIMBO_VALUE,
  LIMBO_ZSPAGE,
  limboCount,
  takeRipe,
} from '../thread/limbo';
import { enterSection, leaveSection } from '../thread/rcu';
import { beginChange, selfState, slotAt, ThreadSlot } from '../thread/slot';
import { parkAtSafepoint } from '../thread/stop';
import { destroyZspage } from '../zsmalloc/active';
import { zsRelease } from '../zsmalloc/alloc';
import { zsLinkAt } from '../zsmalloc/object';
import { selfDesk } from '../zsmalloc/thread-state';

/** Objects in limbo that are worth a scan of the thread slots. */
const BATCH: u32 = 64;
/** Looks before sleeping: a section lasts microseconds. */
const SPINS: u32 = 200;
/** Sleeps of 1 ms before a caller is told that memory is short: a thread may be off its CPU. */
const SLEEPS: u32 = 50;
/** Sleeps of whoever defers into a full limbo: with a stuck reader, 250 writes a second go on. */
const PATIENCE: u32 = 4;
/** Objects of a kind that limbo holds at least before it is full: four batches, 1 MiB at most. */
export const LIMBO_LEAST: u32 = 256;
/** A limbo of values of a page each would be a sixteenth of the zone when it is full. */
const LIMBO_SHIFT: u32 = 4;

export function linkOf(kind: u32, object: u32): usize {
  switch (kind) {
    case LIMBO_VALUE:
    case LIMBO_OBJECT:
      return zsLinkAt(object);
    case LIMBO_NODE:
      return object + offsetof<Node>('link');
    default:
      return linkAt(object);
  }
}

/** In a section: the page that an object's word is on may be moved. */
function nextInLimbo(kind: u32, object: u32): u32 {
  enterSection();
  const next = peekWord(linkOf(kind, object));
  leaveSection();
  return next;
}

/**
 * Frees the first of the ripe objects. What belongs to zsmalloc goes from `ripe` over to the desk,
 * so that it stands in one of the two until it is freed; what is the store's nobody could free for
 * us.
 */
function releaseFirst(kind: u32): void {
  const self = selfState();
  const object = self.ripe;
  const next = nextInLimbo(kind, object);
  switch (kind) {
    case LIMBO_VALUE:
      self.ripe = next;
      releaseEntry(object);
      break;
    case LIMBO_NODE:
      self.ripe = next;
      freeObject(CACHE_NODE, object);
      break;
    case LIMBO_OBJECT:
      selfDesk().ownCell = object;
      self.ripe = next;
      zsRelease(object);
      break;
    case LIMBO_ZSPAGE:
      selfDesk().retired = object;
      takeForFree(object, selfSlot());
      self.ripe = next;
      destroyZspage(object);
      selfDesk().retired = 0;
      break;
  }
}

function reclaimKind(kind: u32): u32 {
  if (limboCount(kind) == 0) return 0;
  if (kind == LIMBO_VALUE || kind == LIMBO_NODE) beginChange();
  let freed: u32 = 0;
  takeRipe(kind);
  for (; selfState().ripe != 0; freed++) releaseFirst(kind);
  return freed;
}

/** Frees what is ripe. @returns the number of objects */
export function reclaim(): u32 {
  leaveSection();
  return (
    reclaimKind(LIMBO_VALUE) +
    reclaimKind(LIMBO_OBJECT) +
    reclaimKind(LIMBO_NODE) +
    reclaimKind(LIMBO_ZSPAGE) +
    reclaimSlabs()
  );
}

/** Called after each operation that may have deferred something: earlier when memory is short. */
export function reclaimIfMany(): void {
  const waiting = limboCount(LIMBO_VALUE);
  if (waiting < BATCH && (waiting == 0 || pagesShort() == 0)) return;
  if (reclaim() == 0) slowDown(LIMBO_VALUE);
}

/** Whoever has deferred into a full limbo waits a bounded time. */
export function slowDown(kind: u32): void {
  if (limboCount(kind) < max(LIMBO_LEAST, superblock().pageCount >> LIMBO_SHIFT)) return;
  count(COUNT_LIMBO_WAITS, 1);
  awaitGrace(PATIENCE);
}

export function isLimboEmpty(): bool {
  for (let kind: u32 = 0; kind < LIMBO_KINDS; kind++) if (limboCount(kind) != 0) return false;
  return waitingSlabs() == 0;
}

/** Waits, a bounded time, until something could be freed. @returns false if nothing could */
export function awaitReclaim(): bool {
  return awaitGrace(SLEEPS);
}

function awaitGrace(sleeps: u32): bool {
  for (let look: u32 = 0; look < SPINS + sleeps; look++) {
    if (reclaim() != 0) return true;
    if (isLimboEmpty() && !drainSlab()) return false;
    if (look >= SPINS) sleep();
  }
  return false;
}

/** Sleeps on a word of our own that nobody moves meanwhile. */
function sleep(): void {
  const at = slotAt(selfSlot()) + offsetof<ThreadSlot>('page');
  parkAtSafepoint(at, loadWord(at), 1);
  trapIfPoisoned();
}
