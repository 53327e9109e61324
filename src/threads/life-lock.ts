/**
 * Life locks: how it is proven in browsers that a thread is gone.
 *
 * Nothing tells of a worker's end there: no channel closes, `terminate()` returns long before the
 * worker has run its last instruction (two seconds, in Chromium), and time-outs prove nothing. But
 * a *Web Lock* that a worker holds comes free only when it runs no more. So every attached thread
 * holds one for its life, and every thread that answers its events waits for the others'.
 *
 *   name    pageless ZONE OWNER. An owner number is made anew for each time a thread attaches, so a
 *           name never comes again
 *   held    a word of the thread's slot, stored by the callback that has been granted the lock.
 *           Nobody waits for the lock before: in Chromium a worker that asks for one and blocks in
 *           the same task has not even asked, and others would get it
 *   proof   held was stored, and later the lock is granted to somebody else: whoever held it has
 *           left the zone or run its last instruction
 *
 * A grant after leaving is no harm: no live slot has that owner any more. So is a grant to several
 * in turn: they bury the same dead, which is burying once.
 *
 * What is not covered: a thread whose event loop has not turned since it attached, a zone on which
 * no thread answers its events (the page's main thread always does, so it should be attached, too),
 * and a place without locks, as a worker from a `data:` URL. `stats().isSupervised` says so.
 */

import { every } from '../border/timer.ts';
import * as facts from '../generated/facts.ts';
import { buryThread } from './burial.ts';
import { type LifeLock, workerThreads, type Zone } from './registry.ts';

/** How often it is looked who has come. Deaths of those that are known are told at once. */
const LOOK_MS = 250;

/** Holds this thread's lock, and waits for the others', as long as it is attached. */
export function holdLife(zone: Zone): LifeLock | undefined {
  if (workerThreads() !== undefined) return undefined;
  const locks = globalThis.navigator?.locks;
  if (!locks) return warnOnce();
  const leaving = new AbortController();
  const { signal } = leaving;
  const end = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve());
  });
  const hold = (): Promise<void> => {
    if (!signal.aborted) zone.kernel.holdsLife();
    return end;
  };
  locks.request(nameOf(zone, zone.owner), hold).catch(warnOnce);
  const look = lookerAt(zone, locks, signal);
  const endLooks = every(look, LOOK_MS, true);
  look();
  return {
    release: () => {
      endLooks();
      leaving.abort();
    },
  };
}

/** Waits for the locks of those who have come since. */
function lookerAt(zone: Zone, locks: LockManager, signal: AbortSignal): () => void {
  const known = new Set([zone.owner]);
  return () => {
    for (let slot = 1; slot <= facts.MAX_SLOT; slot++) {
      const owner = zone.kernel.provableOwner(slot) >>> 0;
      if (owner === 0 || known.has(owner)) continue;
      known.add(owner);
      const bury = () => buryThread(zone, owner);
      locks.request(nameOf(zone, owner), { signal }, bury).catch(() => {});
    }
  };
}

function nameOf(zone: Zone, owner: number): string {
  return `pageless ${zone.id} ${owner}`;
}

let isWarned = false;

function warnOnce(): undefined {
  if (!isWarned) console.warn('pageless: no Web Locks here, so deaths of threads are not noticed');
  isWarned = true;
}
