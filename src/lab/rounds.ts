/**
 * Rounds: contenders take turns, and a figure is the median over rounds, after two that are not
 * counted: what the machine does meanwhile happens to all of them.
 */

export interface Plan {
  rounds: number;
  /** For each figure of a round. */
  ms: number;
}

export const defaultPlan: Plan = { rounds: 7, ms: 10 };

export interface Contender {
  /** @returns how many operations it did */
  pass(): number;
  /** Before and after each pass, not timed. */
  prepare?(): void;
  restore?(): void;
}

const WARM_UPS = 2;

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** ns of one operation of each contender. */
export function inTurn(contenders: readonly Contender[], { rounds, ms }: Plan): number[] {
  const figures = contenders.map((): number[] => []);
  for (let round = -WARM_UPS; round < rounds; round++) {
    for (const [index, contender] of contenders.entries()) {
      const ns = nsOf(contender, ms);
      if (round >= 0) figures[index]!.push(ns);
    }
  }
  return figures.map(median);
}

/** ns of one operation; the pass is repeated until `ms` have gone by. */
function nsOf(contender: Contender, ms: number): number {
  const end = performance.now() + ms;
  let done = 0;
  let time = 0;
  do {
    contender.prepare?.();
    const start = performance.now();
    done += contender.pass();
    time += performance.now() - start;
    contender.restore?.();
  } while (performance.now() < end);
  return (time * 1e6) / done;
}
