/**
 * Node's files: looked up when one is written or read, because browsers load these modules, too.
 */
import { BadImageError, type FileKind } from '../errors.ts';

type Fs = typeof import('node:fs');
type Crc = (bytes: Uint8Array, before?: number) => number;

/** File system and CRC-32. Throws `BadImageError` where there are none. */
export function nodeFiles(file: string, kind?: FileKind): { fs: Fs; crc32: Crc } {
  const fs = globalThis.process?.getBuiltinModule?.('node:fs');
  const zlib = globalThis.process?.getBuiltinModule?.('node:zlib');
  if (fs && zlib?.crc32) return { fs, crc32: zlib.crc32 };
  throw new BadImageError(file, 'it needs the file system of Node', kind);
}

/** The name under which a file is written before it is whole: another one each time. */
export function draftOf(file: string): string {
  const random = Math.floor(Math.random() * 0x1_0000_0000).toString(36);
  return `${file}.${process.pid}.${random}.tmp`;
}

/** What the system said, as a `BadImageError`; anything else as it is. */
export function fileError(
  file: string,
  deed: 'read' | 'written',
  error: unknown,
  kind?: FileKind,
): unknown {
  const isSystems = error instanceof Error && 'syscall' in error;
  if (!isSystems) return error;
  return new BadImageError(file, `it cannot be ${deed}: ${error.message}`, kind, { cause: error });
}

export function removeQuietly(fs: Fs, file: string): void {
  try {
    fs.rmSync(file, { force: true });
  } catch {
    // The folder is not even searchable; what led here says why.
  }
}
