/** Drain: stocks back into the trees, so that whoever needs memory finds it. */
import { selfSlot } from '../base/env';
import { Slot } from '../base/layout';
import { assertHalted } from '../thread/context';
import { highestSlot } from '../thread/slot';
import { haltWorld, resumeWorld } from '../thread/stop';
import { drainSlot, stockedIn, stockedPages } from './stock';

/** Empties all stocks. Halts the world unless all are this thread's own. */
export function drainAll(): void {
  if (stockedIn(selfSlot()) == stockedPages()) {
    drainSlot(selfSlot());
  } else {
    haltWorld();
    drainStocks();
    resumeWorld();
  }
}

export function drainStocks(): void {
  assertHalted();
  for (let slot: Slot = 1, end = highestSlot(); slot <= end; slot++) drainSlot(slot);
}
