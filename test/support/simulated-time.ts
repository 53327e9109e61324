/**
 * Time, timers and chance as a test draws them, so that a run of a seed can be repeated exactly and
 * hours pass in a moment.
 *
 * Load this first, by an import without names: modules take `setTimeout` and others from the global
 * object as they are loaded. What they take asks, each time, whether a simulation is running; while
 * none is, all is as ever.
 *
 * Several *threads* are simulated in one: what a step makes is its thread's, and of a thread that
 * is in the middle of something (`isBusy`) no timer fires.
 */
import type { Seeded } from './seeded.ts';

const real = {
  setTimeout: globalThis.setTimeout,
  setInterval: globalThis.setInterval,
  clearTimeout: globalThis.clearTimeout,
  setImmediate: globalThis.setImmediate,
  now: performance.now.bind(performance),
  date: Date.now,
  random: Math.random,
  waitAsync: Atomics.waitAsync,
};
/** When simulations begin, in milliseconds since 1970. */
const EPOCH = 1_800_000_000_000;

interface Timer {
  readonly thread: number;
  due: number;
  /** After which it is due again; 0: never. */
  readonly everyMs: number;
  readonly act: () => void;
  ref(): void;
  unref(): void;
}

let running: Simulation | undefined;

export class Simulation {
  readonly random: Seeded;
  /** Milliseconds since it began. */
  now = 0;
  /** Whose step this is. */
  thread = 0;
  isBusy: (thread: number) => boolean = () => false;
  readonly #timers = new Set<Timer>();

  constructor(random: Seeded) {
    this.random = random;
  }

  /** Everything that `work` does, and what follows of it, is simulated. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    running = this;
    try {
      return await work();
    } finally {
      running = undefined;
    }
  }

  add(act: () => void, ms: number, everyMs = 0): Timer {
    const nothing = () => {};
    const due = this.now + ms;
    const timer = { thread: this.thread, due, everyMs, act, ref: nothing, unref: nothing };
    this.#timers.add(timer);
    return timer;
  }

  remove(timer: unknown): void {
    this.#timers.delete(timer as Timer);
  }

  /** Does something as a thread does it, and all that follows of it at once. */
  async step(thread: number, act: () => void): Promise<void> {
    this.thread = thread;
    act();
    await new Promise<void>((resolve) => real.setImmediate(resolve));
  }

  /** Has a timer fire that is due, whichever. @returns false: none is */
  async fire(): Promise<boolean> {
    const due = [...this.#timers].filter((timer) => timer.due <= this.now && this.#isFree(timer));
    const timer = due[this.random.int(due.length)];
    if (timer === undefined) return false;
    timer.due = this.now + timer.everyMs;
    if (timer.everyMs === 0) this.#timers.delete(timer);
    await this.step(timer.thread, timer.act);
    return true;
  }

  /** Until the next timer is due. @returns false: there is none */
  pass(): boolean {
    let next = Number.POSITIVE_INFINITY;
    for (const timer of this.#timers) if (this.#isFree(timer)) next = Math.min(next, timer.due);
    if (next === Number.POSITIVE_INFINITY) return false;
    this.now = Math.max(this.now, next);
    return true;
  }

  #isFree({ thread }: Timer): boolean {
    return !this.isBusy(thread);
  }
}

/** Whoever waits for a word looks by time alone: when a thread is woken is nobody's to draw. */
function waitAsync(words: Int32Array, at: number, value: number, ms?: number): object {
  if (!running) return real.waitAsync(words, at, value, ms);
  return { async: true, value: new Promise(() => {}) };
}

Object.assign(Atomics, { waitAsync });
// The sum of both is the same in each process.
Object.defineProperty(performance, 'timeOrigin', { value: 0 });
Object.assign(globalThis, {
  setTimeout: (act: () => void, ms = 0, ...rest: unknown[]) =>
    running ? running.add(act, Math.max(1, ms)) : real.setTimeout(act, ms, ...rest),
  setInterval: (act: () => void, ms: number, ...rest: unknown[]) =>
    running ? running.add(act, ms, ms) : real.setInterval(act, ms, ...rest),
  clearTimeout: (timer: ReturnType<typeof setTimeout> | undefined) =>
    running ? running.remove(timer) : real.clearTimeout(timer),
  setImmediate: (act: (...rest: unknown[]) => void, ...rest: unknown[]) =>
    running ? running.add(act, 0) : real.setImmediate(act, ...rest),
});
performance.now = () => (running ? running.now : real.now());
Date.now = () => (running ? EPOCH + running.now : real.date());
Math.random = () => (running ? running.random.random() : real.random());
