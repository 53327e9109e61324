/**
 * A thread's view of the zone's clock (kernel/thread/clock.ts): how late it is for entries that
 * expire.
 *
 * Wall clocks are set, so nothing is timed by them: an hour back, and what should live a second
 * would live an hour. Zone time goes by `performance`: its `now` counts from the process's start in
 * every thread of Node, and from the thread's own start elsewhere, so `timeOrigin + now` is the
 * *stamp* that threads share. A thread whose stamp is behind what others have told goes by that.
 *
 * A machine that is suspended stops that clock as well. Once a second the wall is looked at: if it
 * has gained two seconds, the system is asked how long it has been up, sleep included, and the part
 * that was sleep is added for all threads. A wall that was only set adds nothing.
 *
 * The functions are captured when this file is loaded: fake timers would patch one thread of many.
 */
import { DisposedError, InvalidArgumentError } from '../errors.ts';
import * as facts from '../generated/facts.ts';
import { refusePromise } from './arguments.ts';
import type { KernelExports } from './kernel.ts';

/** Milliseconds that only rise. */
export type Now = () => number;

/** Where times come from. All in milliseconds. */
export interface TimeSources {
  /** Never set, stands still while the machine sleeps. */
  stamp: Now;
  /** What people call the time. */
  wall: Now;
  /** Since the machine was started, sleep included; undefined where nobody knows. */
  uptime(): number | undefined;
}

const { performance } = globalThis;
const elapsed: Now = performance?.now.bind(performance);
const start: number = performance?.timeOrigin;
const os: typeof import('node:os') | undefined = globalThis.process?.getBuiltinModule?.('node:os');
const uptime: (() => number) | undefined = os?.uptime;

/** That of the system. */
export const stamp: Now = () => start + elapsed();

export const systemTime: TimeSources = {
  stamp,
  wall: Date.now,
  uptime: () => (uptime === undefined ? undefined : uptime() * 1000),
};

/** How often the wall is looked at, and how much it must have gained to ask further. */
const WATCH_MS = 1000;
const GAIN_MS = 2000;
/** Uptime is told in whole seconds on some systems. */
const UPTIME_ERROR_MS = 1000;
/** Expiries have TIME_BITS: 69 years since the cache was made; what would end later never does. */
export const LAST: number = 2 ** facts.TIME_BITS - 1;

export class ZoneClock {
  readonly #kernel: KernelExports;
  readonly #sources: TimeSources;
  /** Whether reading it runs the user's code. */
  readonly isOwn: boolean;
  readonly #expiring: Int32Array;
  readonly #origin: number;
  /** What this thread has told last, and heard then. */
  #told = 0;
  #slept: number;
  #isClosed = false;
  /** When the wall is to be looked at again, and how things stood when we began. */
  #watchAt: number;
  readonly #began: { stamp: number; wall: number; uptime: number | undefined; slept: number };

  constructor(
    kernel: KernelExports,
    memory: WebAssembly.Memory,
    now?: Now,
    sources: TimeSources = systemTime,
  ) {
    this.#kernel = kernel;
    this.isOwn = now !== undefined;
    this.#sources = now === undefined ? sources : { ...sources, stamp: () => checkTime(now()) };
    this.#expiring = new Int32Array(memory.buffer, kernel.expiringAt() >>> 0, 1);
    const { stamp, wall, uptime } = this.#sources;
    const began = { stamp: stamp(), wall: wall(), uptime: uptime(), slept: 0 };
    const isNew = kernel.clockOrigin() === 0;
    if (!isNew) checkSame(kernel.isOwnClock() !== 0, now);
    // Zone time begins with 1: the kernel takes 0 for a time that is not known.
    if (isNew) kernel.openClock(began.stamp - 1, this.isOwn ? 1 : 0);
    this.#origin = kernel.clockOrigin();
    this.#slept = kernel.timeSlept();
    this.#began = { ...began, slept: this.#slept };
    this.#watchAt = began.stamp + WATCH_MS;
  }

  /** Zone time: whole milliseconds. Throws `DisposedError` if the user's clock closed the cache. */
  now(): number {
    const stamp = this.#sources.stamp();
    if (this.#isClosed) throw new DisposedError('cache');
    if (stamp >= this.#watchAt && !this.isOwn) this.#watchSleep(stamp);
    const time = Math.floor(stamp - this.#origin + this.#slept);
    if (time <= this.#told) return this.#told;
    if (time >= LAST) throw badTime(stamp);
    // At most once a millisecond; nobody goes below what anybody told.
    this.#told = this.#kernel.tellTime(time);
    return this.#told;
  }

  /** The time that this thread has told last, without a look. */
  get told(): number {
    return this.#told;
  }

  /** What the wall's clock shows, less zone time `now`: files tell times by the wall. */
  wallOffset(now: number): number {
    return this.#sources.wall() - now;
  }

  /** This thread leaves the zone. */
  close(): void {
    this.#isClosed = true;
  }

  /** Zone time if anything in the zone expires, else 0: without a look at the clock. */
  nowIfNeeded(): number {
    return this.#expiring[0] === 0 ? 0 : this.now();
  }

  /**
   * What a look at one key brings along: a time where some keys expire, since to be asked for one
   * costs a second search. A clock of the user's own is read only when asked for: it may do
   * anything.
   */
  guess(): number {
    return this.isOwn ? 0 : this.nowIfNeeded();
  }

  /**
   * When something expires that is stored now and lives for `ttl` ms; 0 = never, as ttl 0, and
   * from LAST on.
   *
   * Others may expire even if this does not: eviction, which takes those first, hears the time.
   */
  expiryIn(ttl: number): number {
    if (ttl === 0) {
      this.nowIfNeeded();
      return 0;
    }
    const end = this.now() + ttl;
    return end < LAST ? end : 0;
  }

  #watchSleep(stamp: number): void {
    this.#watchAt = stamp + WATCH_MS;
    const { wall, uptime } = this.#sources;
    const began = this.#began;
    const passed = stamp - began.stamp;
    const known = this.#kernel.timeSlept();
    this.#slept = known;
    if (wall() - began.wall - passed - (known - began.slept) < GAIN_MS) return;
    const up = uptime();
    if (up === undefined || began.uptime === undefined) return;
    const slept = up - began.uptime - passed - UPTIME_ERROR_MS;
    if (slept > 0) this.#slept = this.#kernel.raiseSlept(began.slept + slept);
  }
}

/** A cache has one clock: its maker's own, which everybody must bring, or the system's. */
function checkSame(isOwn: boolean, now: Now | undefined): void {
  if (isOwn === (now !== undefined)) return;
  const expected = isOwn ? 'the clock that the cache was made with' : 'left out, as in the cache';
  throw new InvalidArgumentError('now', expected, now);
}

function checkTime(time: number): number {
  if (Number.isFinite(time)) return time;
  refusePromise('now', time);
  throw badTime(time);
}

function badTime(time: number): InvalidArgumentError {
  const expected = 'milliseconds, less than 2^41 since the cache was made';
  return new InvalidArgumentError('now()', expected, time);
}

/** Writes down in the zone, for an image, what time it is. The world is stopped. */
export function noteTime(kernel: KernelExports, sources: TimeSources = systemTime): void {
  const origin = kernel.clockOrigin();
  if (origin === 0) return;
  // Of a clock that the user brought we know what was told last.
  const time = kernel.isOwnClock() !== 0 ? 0 : sources.stamp() - origin + kernel.timeSlept();
  kernel.noteWall(sources.wall(), Math.max(0, time));
}

/** Lets a loaded image's clock go on from there. */
export function adoptTime(kernel: KernelExports, sources: TimeSources = systemTime): void {
  if (kernel.clockOrigin() !== 0) kernel.adoptClock(sources.stamp(), sources.wall());
}
