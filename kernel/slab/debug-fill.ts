/**
 * The debug build fills objects: a free one that was written to is found when it is handed out, and
 * reading what one did not write shows.
 *
 * What a stale pointer may look at stays as it is, in every build: a descriptor's header, and cells
 * altogether. Sheaves are handed out once and must be zero then.
 */
import { FAULT_SLAB, fail } from '../base/fault';
import { peekByte } from '../base/words';
import { HEADER_BYTES } from '../memdesc/header';
import { KIND_CELL, KIND_DESC, KmemCache } from './cache';

const FREE_BYTE: u32 = 0x6b;
const TAKEN_BYTE: u32 = 0xa5;

function firstByte(record: KmemCache): u32 {
  if (record.kind == KIND_CELL) return record.objectBytes;
  return record.kind == KIND_DESC ? HEADER_BYTES : 0;
}

function fill(record: KmemCache, object: u32, byte: u32): void {
  const first = firstByte(record);
  memory.fill(object + first, u8(byte), record.objectBytes - first);
}

/** For an object that becomes free. */
export function fillFree(record: KmemCache, object: u32): void {
  fill(record, object, FREE_BYTE);
}

/** For an object that is handed out; one that was written to while it was free is a fault. */
export function checkFilled(record: KmemCache, object: u32): void {
  for (let at = firstByte(record); at < record.objectBytes; at++) {
    if (peekByte(object + at) != FREE_BYTE) fail(FAULT_SLAB, object);
  }
  fill(record, object, TAKEN_BYTE);
}
