/**
 * LMDB's file, looked at before it is opened: LMDB maps it and believes what it says, so that one
 * which was cut off or written over ends the process.
 *
 * As lmdb 3 writes it: two pages of meta data, of which the newer one counts.
 *
 *   24  magic:32   48  bytes of a page:32   144  last page:64   152  transaction:64
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs';

const META_BYTES = 160;
const MAGIC = 0xbeefc0de;
const [MAGIC_AT, PAGE_BYTES_AT, LAST_PAGE_AT, TRANSACTION_AT] = [24, 48, 144, 152];

/**
 * Why a file cannot be opened, for people; undefined: it can, as far as its first pages say.
 *
 * Another process may write it meanwhile: the file grows first, then a page of meta data says so.
 * So its length is asked for after these are read.
 */
export function whyDamaged(file: string): string | undefined {
  if (lengthOf(file) === 0) return undefined;
  const first = readAt(file, 0);
  if (!isMeta(first)) return 'it is none of lmdb’s';
  const pageBytes = first.readUInt32LE(PAGE_BYTES_AT);
  const second = readAt(file, pageBytes);
  if (!isMeta(second)) return 'its second page is none of lmdb’s';
  const isSecond = second.readBigUInt64LE(TRANSACTION_AT) > first.readBigUInt64LE(TRANSACTION_AT);
  const lastPage = (isSecond ? second : first).readBigUInt64LE(LAST_PAGE_AT);
  const needed = (lastPage + 1n) * BigInt(pageBytes);
  const bytes = lengthOf(file);
  return bytes < needed ? `it is cut off: ${bytes} bytes of ${needed}` : undefined;
}

function lengthOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function isMeta(page: Buffer): boolean {
  return page.readUInt32LE(MAGIC_AT) === MAGIC;
}

/** Zeros, where the file has ended. */
function readAt(file: string, at: number): Buffer {
  const bytes = Buffer.alloc(META_BYTES);
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, bytes, 0, META_BYTES, at);
  } finally {
    closeSync(descriptor);
  }
  return bytes;
}
