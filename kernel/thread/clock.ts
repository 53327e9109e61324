/**
 * The zone's clock: how late it is for entries that expire.
 *
 * *Zone time* is milliseconds since the cache was made, of a clock that nobody sets; the kernel has
 * none, so whoever reads one tells it (src/border/clock.ts says how it is read).
 *
 *   origin    the stamp at which zone time is 0, by the clock of those who attach; set once, before
 *             others come
 *   latest    zone time that somebody has told; only rises. What has expired by then has expired
 *             for everybody, and who cannot read a clock (eviction) goes by it
 *   slept     ms that the machine was suspended, while that clock stood still; only rises
 *   expiring  1 once something that expires has been stored: before that nobody reads a clock
 *   wall, wallAt  of an image: the wall's time when it was written, and zone time then
 *
 * Cost: a load, and when a millisecond has passed a compare-and-swap.
 */
import { CLOCK_STATE } from '../base/layout';
import {
  casCell,
  loadCell,
  loadWord,
  peekCell,
  pokeCell,
  storeCell,
  storeWord,
} from '../base/words';
import { assertHalted } from './context';

@unmanaged
export class ClockState {
  /** Of a double, as are wall's. */
  origin: u64;
  latest: u64;
  slept: u64;
  wall: u64;
  wallAt: u64;
  expiring: u32;
  /** 1: the clock is one that the user brought, of which nobody else knows the time. */
  isOwn: u32;
}

function stateAt(field: usize): usize {
  return CLOCK_STATE + field;
}

/** Sets the origin. Before other threads come. */
export function openClock(origin: f64, isOwn: bool): void {
  storeCell(stateAt(offsetof<ClockState>('origin')), reinterpret<u64>(origin));
  storeWord(stateAt(offsetof<ClockState>('isOwn')), isOwn ? 1 : 0);
}

export function clockOrigin(): f64 {
  return reinterpret<f64>(loadCell(stateAt(offsetof<ClockState>('origin'))));
}

export function isOwnClock(): bool {
  return loadWord(stateAt(offsetof<ClockState>('isOwn'))) != 0;
}

/** Zone time that is over for certain. */
export function latestTime(): u64 {
  return loadCell(stateAt(offsetof<ClockState>('latest')));
}

/** Raises a cell. Progress: a failed exchange means that another thread has raised it. */
function raise(at: usize, value: u64): u64 {
  let seen = loadCell(at);
  while (seen < value) {
    const found = casCell(at, seen, value);
    if (found == seen) return value;
    seen = found;
  }
  return seen;
}

/** Tells zone time. @returns the latest that anybody told */
export function tellTime(time: u64): u64 {
  return raise(stateAt(offsetof<ClockState>('latest')), time);
}

export function timeSlept(): u64 {
  return loadCell(stateAt(offsetof<ClockState>('slept')));
}

export function raiseSlept(ms: u64): u64 {
  return raise(stateAt(offsetof<ClockState>('slept')), ms);
}

/** Something that expires is stored: from now on it is worth knowing how late it is. */
export function noteExpiring(): void {
  const at = stateAt(offsetof<ClockState>('expiring'));
  if (loadWord(at) == 0) storeWord(at, 1);
}

/** Whether anything that expires was ever stored. */
export function hasExpiring(): bool {
  return loadWord(stateAt(offsetof<ClockState>('expiring'))) != 0;
}

/** Writes down for an image what time it is. */
export function noteWall(wall: f64, time: u64): void {
  assertHalted();
  pokeCell(stateAt(offsetof<ClockState>('wall')), reinterpret<u64>(wall));
  pokeCell(stateAt(offsetof<ClockState>('wallAt')), max(time, latestTime()));
}

/**
 * Goes on in a loaded image: zone time continues from when it was written, by as much as the wall's
 * clock has gone on since. No entry changes. `stamp` is now, by the clock that goes on.
 */
export function adoptClock(stamp: f64, wall: f64): void {
  const before = reinterpret<f64>(peekCell(stateAt(offsetof<ClockState>('wall'))));
  const passed = before > 0 && wall > before ? u64(wall - before) : 0;
  const time = max(peekCell(stateAt(offsetof<ClockState>('wallAt'))), latestTime()) + passed;
  storeCell(stateAt(offsetof<ClockState>('latest')), time);
  storeCell(stateAt(offsetof<ClockState>('slept')), 0);
  openClock(stamp - f64(time), false);
}
