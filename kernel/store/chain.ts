/**
 * Chains: the objects of a long entry, each with the handle of the next in it, and how a chain is
 * freed so that whoever comes after a death goes on with it.
 */
import { Handle } from '../base/layout';
import { assertInSection } from '../thread/context';
import { enterSection, isInSection, leaveSection } from '../thread/rcu';
import { zsIsRetired, zsRelease, zsRetire } from '../zsmalloc/alloc';
import { zsPlace } from '../zsmalloc/object';
import { selfThreadState } from '../zsmalloc/thread-state';
import { nextOf } from './entry-head';
import { Journal } from './journal';

/** Whether an object is one of a chain. World halted, or the chain is one's own. */
export function isInChain(first: u32, handle: Handle): bool {
  let at = first;
  while (at != 0 && at != handle) at = nextOf(zsPlace(at));
  return at != 0;
}

/**
 * Frees what hangs from a journal's `doomed`, this thread's or a dead one's: no reader can have it.
 * An object is named by `doomed` until it is `ownCell` on this thread's state: a survivor goes on.
 */
export function releaseDoomed(journal: Journal): void {
  const wasInside = isInSection();
  while (journal.doomed != 0) {
    const handle = journal.doomed;
    // Taken out first: what is out is not moved, so that its place holds.
    if (!zsIsRetired(handle)) zsRetire(handle);
    // The page that it is on may be moved.
    if (!wasInside) enterSection();
    const next = nextPart(handle);
    selfThreadState().ownCell = handle;
    journal.doomed = next;
    zsRelease(handle);
    if (!wasInside) leaveSection();
  }
}

/** Of an object that is out. */
function nextPart(handle: Handle): Handle {
  assertInSection();
  return nextOf(zsPlace(handle));
}

/** Objects in a chain; more than `limit` means a loop. */
export function countParts(first: u32, limit: u32): u32 {
  let parts: u32 = 0;
  for (let at = first; at != 0 && parts <= limit; parts++) at = nextOf(zsPlace(at));
  return parts;
}
