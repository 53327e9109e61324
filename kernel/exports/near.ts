/** What a thread keeps near, as JavaScript calls it: cache/near.ts. Times are zone time. */
import * as near from '../cache/near';
import { OP_READ } from '../thread/operations';
import { enterReading, leaveKernel as leave } from '../thread/stop';

/** The note of the last read with GET_NEAR that found something, number by number. */
export function nearNote(which: u32): f64 {
  return near.nearNote(which);
}

/** Whether a note still holds, as late as was told; then it is a hit. */
export function isNear(
  space: u32,
  hash: u32,
  version: u32,
  position: u32,
  until: f64,
  clock: f64,
): bool {
  enterReading(OP_READ);
  const holds = near.isNear(space, hash, version, position, until, clock);
  leave();
  return holds;
}
