/**
 * A race, and the list of those that are known and argued for.
 *
 * Two accesses of different threads *race* if they overlap, at least one writes, neither happens
 * before the other, and they are not both atomic with the same range. Two atomic accesses of one
 * word with different ranges are *mixed*: they do not synchronise, whoever is first.
 */
import { Violation } from './failure.ts';
import { describeOp, type Site } from './site.ts';

export interface RacingAccess {
  thread: string;
  site: Site;
  address: number;
  length: number;
}

export interface Race {
  kind: 'race' | 'mixed widths';
  /** In the order of the execution. */
  first: RacingAccess;
  second: RacingAccess;
  /** The first byte that both touch, and its name. */
  address: number;
  name: string;
}

/** One side of an allowed race; what is absent may be anything. */
export interface AllowedSide {
  op?: RegExp;
  function?: RegExp;
}

export interface AllowedRace {
  /** Names of the places, as `nameOf` gives them. */
  place: RegExp;
  /** Either access may come first. */
  between: readonly [AllowedSide, AllowedSide];
  /** Why it does no harm. */
  because: string;
}

/** Thrown when a race is found that nobody allows. */
export class RaceViolation extends Violation {
  readonly race: Race;

  constructor(race: Race) {
    super(describeRace(race));
    this.race = race;
  }
}

export function describeRace({ kind, first, second, name }: Race): string {
  const verdict =
    kind === 'race' ? 'neither happens before the other' : 'their ranges differ, so nothing orders';
  return `${kind} on ${name}: ${describeAccess(first)} and ${describeAccess(second)}: ${verdict}`;
}

function describeAccess({ thread, site, address, length }: RacingAccess): string {
  const range = `0x${address.toString(16)}…+${length}`;
  return `${thread} ${describeOp(site)} [${range}] in ${site.functionName}`;
}

/** The entry of the list that allows a race, if one does. Mixed widths are never allowed. */
export function findAllowed(race: Race, list: readonly AllowedRace[]): AllowedRace | undefined {
  const { kind, first, second, name } = race;
  const isAtomic = first.site.atomic || second.site.atomic;
  const isSameRange = first.address === second.address && first.length === second.length;
  if (kind === 'mixed widths' || (isAtomic && !isSameRange)) return undefined;
  return list.find(({ place, between: [one, other] }) => {
    if (!place.test(name)) return false;
    const straight = isSide(first, one) && isSide(second, other);
    return straight || (isSide(first, other) && isSide(second, one));
  });
}

function isSide({ site }: RacingAccess, side: AllowedSide): boolean {
  const { op, function: fn } = side;
  return (op?.test(describeOp(site)) ?? true) && (fn?.test(site.functionName) ?? true);
}
