/**
 * Two subjects measured side by side: who begins alternates, so that neither has the better turn,
 * and each does when the one before has come to rest.
 */
import { atRest, type Result, rowOf } from '../suite.ts';

export interface Pair {
  readonly name: string;
  readonly unit: string;
  readonly peer: string;
  readonly ours: () => Promise<number> | number;
  readonly theirs: () => Promise<number> | number;
}

/** Rounds whose figures are thrown away: compilers are at work. */
const WARM_UP = 2;

export async function pairRow(
  rounds: number,
  { name, unit, peer, ours, theirs }: Pair,
): Promise<Result> {
  const figures: [ours: number[], theirs: number[]] = [[], []];
  for (let round = 0; round < rounds + WARM_UP; round++) {
    const first = round % 2;
    const pair = [0, 0];
    for (const turn of [first, 1 - first]) {
      await atRest();
      pair[turn] = await [ours, theirs][turn]!();
    }
    if (round < WARM_UP) continue;
    figures[0].push(pair[0]!);
    figures[1].push(pair[1]!);
  }
  return rowOf(name, unit, figures[0], [peer, figures[1]]);
}
