/**
 * A cache as a file, for a warm restart: what `save` writes and `load` reads.
 *
 *   header    16 bytes  "plzcache" · version · bytes of the settings
 *                       the settings, as JSON
 *              4 bytes  CRC-32 of all that
 *   records             kernel/cache/records.ts: each with sums of its own
 *   trailer   32 bytes  "plzc-end" · bytes of the records (f64) · entries (f64) · CRC-32 of these
 *             24 · 0
 *
 * All numbers are little-endian. The trailer is read first, so that a file which was cut off is
 * known before anything of it is taken.
 */
import { alignUp } from '../../border/align.ts';
import type { nodeFiles } from '../../border/files.ts';
import { BadImageError } from '../../errors.ts';
import type { SavedSettings } from '../options/settings.ts';

type Crc = ReturnType<typeof nodeFiles>['crc32'];

/** Raised with every change of the layout above, and of records and blocks. */
const VERSION = 3;
const MAGIC = 'plzcache';
const FOREVER: number = Number.POSITIVE_INFINITY;
const IMAGE = 'it is an arena image, for Arena.load and `pageless report`';
const END_MAGIC = 'plzc-end';
const FIXED_BYTES = 16;
const SUM_BYTES = 4;
export const TRAILER_BYTES = 32;
/** Longest settings that are believed. */
const MAX_SETTINGS_BYTES = 65536;
/** What is read at first: header, or all of a short file. */
export const HEADER_BYTES: number = FIXED_BYTES + MAX_SETTINGS_BYTES + SUM_BYTES;

export interface Extent {
  /** Bytes of the records. */
  bytes: number;
  entries: number;
}

/** A length as it takes room in a record. */
export function padded(length: number): number {
  return alignUp(length, 4);
}

export function headerOf(settings: SavedSettings, crc32: Crc): Buffer {
  // JSON has no Infinity.
  const text = Buffer.from(
    JSON.stringify(settings, (_, value) => (value === FOREVER ? -1 : value)),
  );
  const header = Buffer.alloc(FIXED_BYTES + text.length + SUM_BYTES);
  header.write(MAGIC, 'latin1');
  header.writeUInt32LE(VERSION, 8);
  header.writeUInt32LE(text.length, 12);
  header.set(text, FIXED_BYTES);
  header.writeUInt32LE(crc32(header.subarray(0, -SUM_BYTES)), header.length - SUM_BYTES);
  return header;
}

/** @param start  the first HEADER_BYTES of the file, or all of it */
export function readHeader(
  file: string,
  start: Buffer,
  crc32: Crc,
): { settings: SavedSettings; bytes: number } {
  const magic = start.toString('latin1', 0, MAGIC.length);
  if (magic !== MAGIC) {
    const isImage = magic === 'plzimage';
    const reason = isImage ? IMAGE : `it does not begin with "${MAGIC}"`;
    throw new BadImageError(file, reason, 'saved cache');
  }
  const version = start.length < FIXED_BYTES ? undefined : start.readUInt32LE(8);
  if (version !== VERSION) {
    const reason = `its version is ${version}, and this one reads ${VERSION}`;
    throw new BadImageError(file, reason, 'saved cache');
  }
  const end = FIXED_BYTES + start.readUInt32LE(12);
  const isWhole = end + SUM_BYTES <= start.length;
  if (!isWhole || crc32(start.subarray(0, end)) !== start.readUInt32LE(end)) {
    throw new BadImageError(file, 'its header is damaged', 'saved cache');
  }
  const text = start.toString('utf8', FIXED_BYTES, end);
  const settings = JSON.parse(text, (_, value) => (value === -1 ? FOREVER : value));
  return { settings, bytes: end + SUM_BYTES };
}

export function trailerOf({ bytes, entries }: Extent, crc32: Crc): Buffer {
  const trailer = Buffer.alloc(TRAILER_BYTES);
  trailer.write(END_MAGIC, 'latin1');
  trailer.writeDoubleLE(bytes, 8);
  trailer.writeDoubleLE(entries, 16);
  trailer.writeUInt32LE(crc32(trailer.subarray(0, 24)), 24);
  return trailer;
}

/** @param room  bytes between header and trailer */
export function readTrailer(file: string, trailer: Buffer, room: number, crc32: Crc): Extent {
  const isWhole =
    trailer.length === TRAILER_BYTES &&
    trailer.toString('latin1', 0, END_MAGIC.length) === END_MAGIC &&
    trailer.readUInt32LE(24) === crc32(trailer.subarray(0, 24)) &&
    trailer.readUInt32LE(28) === 0 &&
    trailer.readDoubleLE(8) === room;
  if (!isWhole) throw new BadImageError(file, 'its end is missing', 'saved cache');
  return { bytes: room, entries: trailer.readDoubleLE(16) };
}
