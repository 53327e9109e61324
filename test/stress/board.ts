/**
 * Names of objects and folios that the threads of a stress run share: a part of the board for each
 * worker, which alone makes and frees what is on it, and everybody reads.
 *
 * An entry is named after it was written, and its name is taken away before it is freed: whatever
 * is named is whole. A worker that takes over the part of a dead one finds nothing half-done but
 * objects that nobody names.
 */
export const OBJECTS = 64;
export const FOLIOS = 16;
const PART = OBJECTS + FOLIOS;

export type Board = BigInt64Array<SharedArrayBuffer>;

export function createBoard(parts: number): Board {
  return new BigInt64Array(new SharedArrayBuffer(8 * parts * PART));
}

/** Index of an entry: objects first, then folios. */
export function entryAt(part: number, index: number): number {
  return part * PART + index;
}

export function isFolioEntry(entry: number): boolean {
  return entry % PART >= OBJECTS;
}

/** The name of an entry, 0 if there is none. */
export function nameAt(board: Board, entry: number): number {
  return Number(Atomics.load(board, entry));
}

export function setName(board: Board, entry: number, name: number): void {
  Atomics.store(board, entry, BigInt(name));
}
