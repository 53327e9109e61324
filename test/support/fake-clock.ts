/** A clock that a test moves, for a cache's option `now`. */
export interface FakeClock {
  now(): number;
  tick(ms: number): void;
  /** How often it was read. */
  reads(): number;
}

export function fakeClock(start = 1_000_000): FakeClock {
  let time = start;
  let reads = 0;
  return {
    now: () => {
      reads++;
      return time;
    },
    tick: (ms) => {
      time += ms;
    },
    reads: () => reads,
  };
}
