/**
 * The account of a demo: every file that was found is in exactly one column, and the cache's own
 * counters, which know nothing of the ledger, say the same.
 *
 *   found  = loaded + unreadable
 *   loaded = verified + evicted + deleted + refused
 *
 * `loaded` is what the workers say they offered; the other columns are counted in the ledger, so
 * that a file that got lost between the two breaks the equation.
 */
import type { ZoneReport } from '../reports/zone.ts';
import type { Ledger } from './ledger.ts';
import * as states from './ledger.ts';

export interface Account {
  /** Files to load. */
  found: number;
  /** Read and offered to the cache. */
  loaded: number;
  /** Read back right in the last round, by a thread that did not write them. */
  verified: number;
  /** Stored, and missing when they were verified or deleted. */
  evicted: number;
  deleted: number;
  /** `set` returned false. */
  refused: number;
  /** Could not be read, so nothing was offered. */
  unreadable: number;
  /** The cache gave something else than it was given. */
  wrong: number;
}

export function accountOf(ledger: Ledger, loaded: number): Account {
  return {
    found: ledger.states.length,
    loaded,
    verified: ledger.count(states.VERIFIED),
    evicted: ledger.count(states.EVICTED),
    deleted: ledger.count(states.DELETED),
    refused: ledger.count(states.REFUSED),
    unreadable: ledger.count(states.UNREADABLE),
    wrong: ledger.count(states.WRONG),
  };
}

/** What is wrong with an account, as sentences; none when everything is right. */
export function contradictions(account: Account, zone: ZoneReport): string[] {
  const { found, loaded, verified, evicted, deleted, refused, unreadable, wrong } = account;
  const wrongs: [isWrong: boolean, sentence: string][] = [
    [wrong > 0, `${wrong} values are not what was stored`],
    [verified === 0, 'nothing was verified'],
    [found !== loaded + unreadable, `${found} found ≠ ${loaded} loaded + ${unreadable} unreadable`],
    [loaded !== verified + evicted + deleted + refused, `${equation(account)} does not hold`],
    [zone.sets !== loaded - refused, counter('sets', zone.sets, loaded - refused)],
    [zone.refusals !== refused, counter('refusals', zone.refusals, refused)],
    [zone.evictions !== evicted, counter('evictions', zone.evictions, evicted)],
    [zone.deletes !== deleted, counter('deletes', zone.deletes, deleted)],
    [zone.entries !== verified, counter('entries', zone.entries, verified)],
  ];
  return wrongs.filter(([isWrong]) => isWrong).map(([, sentence]) => sentence);
}

function counter(name: string, seen: number, expected: number): string {
  return `the cache counts ${seen} ${name}, and ${expected} were seen from outside`;
}

/** `4 loaded = 2 verified + 0 evicted + 2 deleted + 0 refused` */
export function equation(account: Account): string {
  const { loaded, verified, evicted, deleted, refused } = account;
  const sum = `${verified} verified + ${evicted} evicted + ${deleted} deleted + ${refused} refused`;
  return `${loaded} loaded = ${sum}`;
}
