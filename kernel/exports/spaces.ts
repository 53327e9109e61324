/** Namespaces, as JavaScript calls them: store/spaces.ts. Times to live are milliseconds. */
import { register } from '../cache/room';
import * as spaces from '../store/spaces';
import { clearSpace as clearNow } from '../store/tags';
import { spaceTotal as total } from '../store/totals';
import { OP_DELETE, OP_WRITE } from '../thread/operations';
import { enterKernel as enter, leaveKernel as leave } from '../thread/stop';

/**
 * Finds the name in the key scratch, or registers it with these options. @returns its space,
 * ERR_FULL or ERR_NO_MEMORY
 */
export function registerSpace(nameBytes: u32, values: u32, ttl: f64, staleFor: f64): i32 {
  enter(OP_WRITE);
  const space = register(nameBytes, values, ttl, staleFor);
  leave();
  return space;
}

/** How many names there are: their spaces are 1 … this. */
export function spaceCount(): u32 {
  return spaces.spaceCount();
}

/** Address of a registered name's record, of which the options are. */
export function spaceRecord(space: u32): u32 {
  return u32(spaces.spaceAt(space));
}

/** Kills all entries of a space. Cost: a lock, and a line. */
export function clearSpace(space: u32): void {
  enter(OP_DELETE);
  clearNow(space);
  leave();
}

/** Whether that was done since the tag clock showed `born`. */
export function isClearedSince(space: u32, born: f64): bool {
  return spaces.isClearedSince(space, u64(born));
}

/** A total of a space, 0 = the cache's own. @param which  TOTAL_… */
export function spaceTotal(space: u32, which: u32): f64 {
  return f64(total(space, which));
}

/** Sum of a counter over what all threads have done in a space. */
export function spaceCounter(space: u32, which: u32): f64 {
  return f64(spaces.sumSpaceCounter(space, which));
}
