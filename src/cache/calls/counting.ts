/** Counting in JavaScript, as the kernel does it: kernel/cache/number.ts. */
import { NotANumberError } from '../../errors.ts';
import type { Key } from '../transfer/transfer.ts';

/** Of -(2^53 - 1). */
export const LONGEST_NUMBER = 17;
const WHOLE = /^(0|-?[1-9]\d{0,15})$/;

/** @throws {NotANumberError} if the text is no whole number, or the sum no safe integer */
export function addTo(key: Key, text: string, by: number): number {
  if (!WHOLE.test(text) || !Number.isSafeInteger(Number(text)))
    throw new NotANumberError(key, 'its value is no whole number');
  const sum = Number(text) + by;
  if (!Number.isSafeInteger(sum)) throw new NotANumberError(key, 'the sum is no safe integer');
  return sum;
}
