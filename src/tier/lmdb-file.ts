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

export interface Damage {
  /** For people. */
  readonly why: string;
  /** It may be that another process is making the file: nothing is where its meta data begin. */
  readonly mayPass: boolean;
}

/**
 * Why a file cannot be opened; undefined: it can, as far as its first pages say.
 *
 * Another process may write it meanwhile. A new file gets both pages of meta data by one write, and
 * one that is there grows first, then a page of meta data says so. So its length is asked for after
 * these are read, and what they say then stays true.
 */
export function damageOf(file: string): Damage | undefined {
  if (lengthOf(file) === 0) return undefined;
  const first = readAt(file, 0);
  if (!isMeta(first)) return noMeta(first, 'it is none of lmdb’s');
  const pageBytes = first.readUInt32LE(PAGE_BYTES_AT);
  const second = readAt(file, pageBytes);
  if (!isMeta(second)) return noMeta(second, 'its second page is none of lmdb’s');
  const isSecond = second.readBigUInt64LE(TRANSACTION_AT) > first.readBigUInt64LE(TRANSACTION_AT);
  const lastPage = (isSecond ? second : first).readBigUInt64LE(LAST_PAGE_AT);
  const needed = (lastPage + 1n) * BigInt(pageBytes);
  const bytes = lengthOf(file);
  if (bytes >= needed) return undefined;
  return { why: `it is cut off: ${bytes} bytes of ${needed}`, mayPass: false };
}

function noMeta(page: Buffer, why: string): Damage {
  return { why, mayPass: page.readUInt32LE(MAGIC_AT) === 0 };
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
