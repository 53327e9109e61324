/**
 * Types of users: what a page says that belongs to a library of one's own.
 */

import { checkBoolean, checkInteger, checkOptions } from '../border/arguments.ts';
import type { KernelExports } from '../border/kernel.ts';
import { InvalidArgumentError, TypeConflictError } from '../errors.ts';
import * as facts from '../generated/facts.ts';

export interface UserType {
  /** 1 to 32 bytes of UTF-8, the same in all threads; without NUL. */
  name: string;
  /** Bytes of a descriptor, 32 (default), 64 or 128: 20 are the kernel's, the rest owner words. */
  descriptorBytes?: number | undefined;
  /**
   * Whether pages of folios of this type may be moved when nobody has pinned them. Default true.
   */
  movable?: boolean | undefined;
}

const TYPE_OPTIONS = ['name', 'descriptorBytes', 'movable'];

/** Registers a type in the zone of `kernel`, or finds it there. @returns its number, 24 … 31 */
export function registerUserType(
  kernel: KernelExports,
  memory: WebAssembly.Memory,
  type: UserType,
): number {
  const { name, descriptorBytes = 32, movable = true } = checkOptions(type, TYPE_OPTIONS);
  const text = encodeName(name);
  if (![32, 64, 128].includes(descriptorBytes)) {
    throw new InvalidArgumentError('descriptorBytes', '32, 64 or 128', descriptorBytes);
  }
  checkBoolean('movable', movable);
  new Uint8Array(memory.buffer, kernel.window() >>> 0, text.length).set(text);
  const number = kernel.registerType(descriptorBytes, movable ? 1 : 0);
  if (number === facts.ERR_EXISTS) throw new TypeConflictError(name, 'it has other properties');
  if (number === facts.ERR_FULL) throw new TypeConflictError(name, 'all 8 numbers are taken');
  return number;
}

function encodeName(name: unknown): Uint8Array {
  const bytes = new Uint8Array(facts.TYPE_NAME_BYTES);
  const text = typeof name === 'string' ? new TextEncoder().encode(name) : bytes;
  const isName = text.length > 0 && text.length <= bytes.length && !text.includes(0);
  if (!isName) throw new InvalidArgumentError('name', 'a text of 1 to 32 bytes', name);
  bytes.set(text);
  return bytes;
}

/** Throws unless `type` is a number that `registerType` gave. */
export function checkUserType(kernel: KernelExports, type: number): number {
  const last = facts.FIRST_USER_TYPE + facts.USER_TYPES - 1;
  checkInteger('type', type, facts.FIRST_USER_TYPE, last);
  if (kernel.typeNameAt(type) !== 0) return type;
  throw new InvalidArgumentError('type', 'a type that registerType gave', type);
}
