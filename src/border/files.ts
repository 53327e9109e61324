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

/** A file that is written before it takes the place of another, or of none. */
export interface Draft {
  /** Where it stands meanwhile: beside the target, under another name each time. */
  name: string;
  /** What the file's name leads to, over links. */
  target: string;
  /** Of the file that is there, to be kept; undefined: there is none. */
  mode: number | undefined;
}

/** Most links of a name, as in Linux. */
const MOST_LINKS = 40;

/** Throws `BadImageError` where there is something else than a file. */
export function draftOf(fs: Fs, file: string, kind?: FileKind): Draft {
  try {
    const target = targetOf(fs, file);
    const found = fs.statSync(target, { throwIfNoEntry: false });
    if (found && !found.isFile()) {
      throw new BadImageError(file, 'what is there is no regular file, and stays', kind, {
        isTarget: true,
      });
    }
    const random = Math.floor(Math.random() * 0x1_0000_0000).toString(36);
    const name = `${target}.${process.pid}.${random}.tmp`;
    return { name, target, mode: found && found.mode & 0o777 };
  } catch (error) {
    throw fileError(file, 'written', error, kind);
  }
}

/** Also where a link leads to what is not there yet. */
function targetOf(fs: Fs, file: string): string {
  const { dirname, resolve } = process.getBuiltinModule('node:path');
  let target = file;
  for (let links = 0; links < MOST_LINKS; links++) {
    if (!fs.lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink()) break;
    target = resolve(fs.realpathSync(dirname(target)), fs.readlinkSync(target));
  }
  return target;
}

/**
 * Gives a draft the mode of the file whose place it takes: `open` has left away what the umask
 * does. Where Node's permission model forbids `fchmod` that stays away: fewer may use the file than
 * before, never more.
 */
export function keepMode(fs: Fs, fd: number, { mode }: Draft): void {
  if (mode === undefined || (fs.fstatSync(fd).mode & 0o777) === mode) return;
  try {
    fs.fchmodSync(fd, mode);
  } catch (error) {
    if (!isDenied(error)) throw error;
  }
}

/** What the system said, as a `BadImageError`; anything else as it is. */
export function fileError(
  file: string,
  deed: 'read' | 'written',
  error: unknown,
  kind?: FileKind,
): unknown {
  if (!isSystemError(error)) return error;
  const isTarget = deed === 'written';
  const reason = isTarget ? error.message : `it cannot be read: ${error.message}`;
  return new BadImageError(file, reason, kind, { cause: error, isTarget });
}

/** Whether the system said no, or Node in its place, where `--permission` allows no file. */
export function isSystemError(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  return 'syscall' in error || isDenied(error);
}

function isDenied(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_ACCESS_DENIED';
}

export function removeQuietly(fs: Fs, file: string): void {
  try {
    fs.rmSync(file, { force: true });
  } catch {
    // The folder is not even searchable; what led here says why.
  }
}
