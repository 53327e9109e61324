/**
 * Types of users: eight numbers of the page word, given out by name.
 *
 * A user's type is data, never code in the kernel: a name, the size of its descriptors and whether
 * its pages may be moved. All threads agree because the table is in the zone: who registers a name
 * that is there gets the number it has, if the facts are the same.
 *
 * UserType (48 bytes): state · descriptorBytes · isMovable · name (32 bytes, ended by 0 if shorter)
 *   state 0 → 1  by an atomic store, when the rest is written; never back
 * Memdesc lock: which record is next. One that a dead thread had begun to fill is filled again.
 */
import { ERR_ARGUMENT, ERR_EXISTS, ERR_FULL } from '../base/fault';
import { MEMDESC_STATE, Slot } from '../base/layout';
import { loadWord, storeWord } from '../base/words';
import { assertHalted } from '../thread/context';
import { breakLock, lock, unlock } from '../thread/lock';
import { FIRST_USER_TYPE, USER_TYPES } from './type';

@unmanaged
export class UserType {
  state: u32;
  descriptorBytes: u32;
  isMovable: u32;
  padding: u32;
}

export const TYPE_NAME_BYTES: u32 = 32;
const RECORD_BYTES: u32 = 48;
/** Behind the floor's own words, on a line of its own. */
const TABLE: usize = MEMDESC_STATE + 64;
/** Descriptor sizes that have a cache (folio/folio.ts). */
const MIN_DESCRIPTOR_BYTES: u32 = 32;
const MAX_DESCRIPTOR_BYTES: u32 = 128;

function recordAt(type: u32): usize {
  return TABLE + (type - FIRST_USER_TYPE) * RECORD_BYTES;
}

function nameAt(type: u32): usize {
  return recordAt(type) + offsetof<UserType>();
}

/** The record of a registered type. */
export function userType(type: u32): UserType {
  return changetype<UserType>(recordAt(type));
}

export function isRegistered(type: u32): bool {
  if (type < FIRST_USER_TYPE || type >= FIRST_USER_TYPE + USER_TYPES) return false;
  return loadWord(recordAt(type)) != 0;
}

/** Address of a registered type's name, TYPE_NAME_BYTES long. */
export function userTypeName(type: u32): usize {
  return nameAt(type);
}

/**
 * @param name  TYPE_NAME_BYTES bytes, zeroes behind the text
 * @param bytes  of a descriptor, 32, 64 or 128; the first 20 are the kernel's
 * @returns the type's number, or ERR_ARGUMENT, ERR_EXISTS (otherwise), ERR_FULL
 */
export function registerUserType(name: usize, bytes: u32, isMovable: bool): i32 {
  const isSize = bytes >= MIN_DESCRIPTOR_BYTES && bytes <= MAX_DESCRIPTOR_BYTES;
  if (!isSize || popcnt(bytes) != 1) return ERR_ARGUMENT;
  lock(MEMDESC_STATE);
  const type = registerLocked(name, bytes, isMovable);
  unlock(MEMDESC_STATE);
  return type;
}

function registerLocked(name: usize, bytes: u32, isMovable: bool): i32 {
  for (let type = FIRST_USER_TYPE; type < FIRST_USER_TYPE + USER_TYPES; type++) {
    const record = userType(type);
    if (loadWord(recordAt(type)) == 0) {
      record.descriptorBytes = bytes;
      record.isMovable = u32(isMovable);
      memory.copy(nameAt(type), name, TYPE_NAME_BYTES);
      storeWord(recordAt(type), 1);
      return i32(type);
    }
    if (memory.compare(nameAt(type), name, TYPE_NAME_BYTES) != 0) continue;
    const isSame = record.descriptorBytes == bytes && record.isMovable == u32(isMovable);
    return isSame ? i32(type) : ERR_EXISTS;
  }
  return ERR_FULL;
}

/** What was half-written is nobody's. */
export function repairTypes(slot: Slot): void {
  assertHalted();
  breakLock(MEMDESC_STATE, slot);
}
