/**
 * Why a free was refused, in words.
 */
import { InvalidFreeError } from '../errors.ts';
import * as facts from '../generated/facts.ts';

const reasons: Record<number, string> = {
  [facts.ERR_ARGUMENT]: 'there is no such order',
  [facts.ERR_FOREIGN_PAGE]: 'it is outside the arena',
  [facts.ERR_UNALIGNED]: 'it is not the first page of a block of this order',
  [facts.ERR_NOT_ALLOCATED]: 'it is not allocated',
  [facts.ERR_WRONG_ORDER]: 'the block was allocated with another order',
  [facts.ERR_NOT_YOURS]: 'it belongs to the arena itself or to a cache',
};

/** The error for an ERR_… of a free. */
export function invalidFree(pfn: number, order: number, failure: number): InvalidFreeError {
  return new InvalidFreeError(pfn, order, reasons[failure] ?? `${failure}`);
}
