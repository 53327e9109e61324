/**
 * Randomness that can be replayed, and the time that a random test may take.
 *
 *   PAGELESS_SEED=n          replays: the seed is printed when the process ends with a failure
 *   PAGELESS_FUZZ_SECONDS=s  what each seeded test spends instead of 0.5 seconds
 *
 * The name is mixed into the seed, so two tests of one process draw different numbers. Replaying
 * needs the same seed, and enough time to come as far again.
 */

const DEFAULT_SECONDS = 0.5;
const processSeed = Number(process.env.PAGELESS_SEED ?? Math.floor(Math.random() * 2 ** 32));
const budgetMs = 1000 * Number(process.env.PAGELESS_FUZZ_SECONDS ?? DEFAULT_SECONDS);

process.on('exit', (code) => {
  const isFailed = code !== 0 || (process.exitCode ?? 0) !== 0;
  if (isFailed) process.stderr.write(`seeded run: replay with PAGELESS_SEED=${processSeed}\n`);
});

export interface Seeded {
  /** The seed of the process, for messages. */
  readonly seed: number;
  /** A number from 0 up to, without, 1. */
  random(): number;
  /** A whole number from 0 up to, without, `n`. */
  int(n: number): number;
  /** Whether the budget is not yet spent; its clock starts with `seeded`. */
  hasTime(): boolean;
}

/** Starts a sequence of numbers and a clock for the test `name`. */
export function seeded(name: string): Seeded {
  let state = processSeed | 0;
  for (const letter of name) state = scramble(state ^ letter.charCodeAt(0));
  const stop = performance.now() + budgetMs;
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0; // an odd step: all 2^32 states are visited
    return (scramble(state) >>> 0) / 2 ** 32;
  };
  return {
    seed: processSeed,
    random,
    int: (n) => Math.floor(random() * n),
    hasTime: () => performance.now() < stop,
  };
}

/** Lets every bit of a 32-bit number reach every other (the public lowbias32 constants). */
function scramble(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return mixed ^ (mixed >>> 16);
}
