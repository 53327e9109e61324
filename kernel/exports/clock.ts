/**
 * The zone's clock, as JavaScript calls it: times are milliseconds as f64. Single words, without a
 * lock: no call that another thread would have to wait for.
 */
import { CLOCK_STATE } from '../base/layout';
import * as clock from '../thread/clock';
import { admit } from '../thread/stop';

/** Sets the stamp at which zone time is 0. Before other threads come. */
export function openClock(origin: f64, isOwn: bool): void {
  admit();
  clock.openClock(origin, isOwn);
}

export function clockOrigin(): f64 {
  return clock.clockOrigin();
}

export function isOwnClock(): bool {
  return clock.isOwnClock();
}

/** @returns the latest zone time that anybody has told */
export function tellTime(time: f64): f64 {
  admit();
  return f64(clock.tellTime(u64(time)));
}

export function timeSlept(): f64 {
  return f64(clock.timeSlept());
}

/** @returns how long the machine has slept, as far as anybody knows */
export function raiseSlept(ms: f64): f64 {
  admit();
  return f64(clock.raiseSlept(u64(ms)));
}

/** Address of the word that is 1 once something that expires has been stored. */
export function expiringAt(): u32 {
  return u32(CLOCK_STATE + offsetof<clock.ClockState>('expiring'));
}

/** For an image that is about to be written. The world is stopped. */
export function noteWall(wall: f64, time: f64): void {
  clock.noteWall(wall, u64(time));
}

/** Goes on in a loaded image. Before anybody attaches. */
export function adoptClock(stamp: f64, wall: f64): void {
  clock.adoptClock(stamp, wall);
}
