/** Changes on a condition, tried again when something has come between. */
import { BusyError } from '../../errors.ts';
import * as facts from '../../generated/facts.ts';
import type { Found } from '../transfer/details.ts';

/** Most tries of a change: enough for 255 threads that change one key at once. */
export const CHANGE_TRIES = 10_000;

/**
 * Makes a change on a condition until nothing has come between, or for as often as `update` does.
 *
 * @returns 0 or ERR_…
 */
export function untilMet(attempt: () => number): number {
  for (let tries = 0; tries < CHANGE_TRIES; tries++) {
    const outcome = attempt();
    if (outcome !== facts.ERR_UNMET) return outcome;
  }
  throw lost('option `now`');
}

/** @param code  of the user's, that the tries have run */
export function lost(code: string): BusyError {
  return new BusyError(
    `the key was changed during each of ${CHANGE_TRIES} tries to update it, by other threads or by ${code}`,
  );
}

/** What a set asks for that is to take the place of what was found, or of nothing. */
export function conditionOf(found: Found | number): [what: number, version: number] {
  if (typeof found === 'number') return [facts.IF_NONE_YET, found];
  return [found.isStale ? facts.IF_NONE_YET : facts.IF_VERSION, found.version];
}
