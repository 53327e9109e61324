/**
 * A thread of the stress run that works on objects of a pool and on folios: it makes, overwrites,
 * splits and frees its own, and reads everybody's, which say what they ought to be.
 */
import { workerData } from 'node:worker_threads';
import { Arena, BusyError, StaleError, ZsPool, type ZsPoolHandle } from '../../src/index.ts';
import { seeded } from '../support/seeded.ts';
import { type Board, entryAt, FOLIOS, isFolioEntry, nameAt, OBJECTS, setName } from './board.ts';
import { workInSlices } from './slices.ts';
import { makeValue, readStamp, type Shared } from './value.ts';

export interface ObjectData {
  pool: ZsPoolHandle;
  board: Board;
  part: number;
  shared: Shared;
  writer: number;
}

const { pool: handle, board, part, shared, writer } = workerData as ObjectData;
const run = seeded(`objects ${writer}`);
const pool = ZsPool.attach(handle);
const arena = Arena.attach(handle.arena);
let sequence = 0;

/** A folio begins with a word that says whether it is being written; a dead writer leaves it so. */
const HEAD_BYTES = 64;
const BEING_WRITTEN = 1;

function newValue(entry: number, bytes: number): Uint8Array {
  return makeValue({ key: entry, writer, sequence: ++sequence }, bytes);
}

/**
 * Does `act` with the folio pinned and locked, as its writers do; not if it was freed or is busy.
 */
function withFolio(name: number, act: (bytes: Uint8Array) => void): void {
  using pin = arena.folio(name)?.pin();
  if (pin === undefined) return;
  pin.lock();
  act(new Uint8Array(arena.memory.buffer, pin.pfn * 4096, 4096 << pin.order));
}

function writeFolio(entry: number, name: number): void {
  withFolio(name, (bytes) => {
    bytes[0] = BEING_WRITTEN;
    bytes.set(newValue(entry, bytes.length - HEAD_BYTES), HEAD_BYTES);
    bytes[0] = 0;
  });
}

function checkFolio(entry: number, name: number): void {
  withFolio(name, (bytes) => {
    if (bytes[0] === BEING_WRITTEN || nameAt(board, entry) !== name) return;
    readStamp(entry, bytes.subarray(HEAD_BYTES));
  });
}

function makeFolio(entry: number): void {
  const folio = arena.allocFolio(run.int(3));
  if (folio === undefined) return;
  writeFolio(entry, folio.name);
  setName(board, entry, folio.name);
}

/** The first part stays, if there is memory for the descriptors of the others. */
function splitFolio(entry: number, name: number): boolean {
  const folio = arena.folio(name)!;
  const parts = folio.order === 0 ? undefined : folio.split(0);
  for (const other of parts?.slice(1) ?? []) other.free();
  if (parts !== undefined) writeFolio(entry, name);
  return true;
}

function changeFolio(entry: number): void {
  const name = nameAt(board, entry);
  const what = run.int(4);
  if (name === 0) makeFolio(entry);
  else if (what < 2) writeFolio(entry, name);
  else unnamed(entry, name, what === 2 ? splitFolio : freeFolio);
}

/**
 * Does something to a folio that nobody can find meanwhile; `act` says whether it is still there.
 */
function unnamed(entry: number, name: number, act: (entry: number, name: number) => boolean): void {
  setName(board, entry, 0);
  try {
    if (act(entry, name)) setName(board, entry, name);
  } catch (error) {
    // Somebody has it pinned who found it before; then nothing has changed.
    if (!(error instanceof BusyError)) throw error;
    setName(board, entry, name);
  }
}

function freeFolio(_entry: number, name: number): boolean {
  arena.folio(name)!.free();
  return false;
}

function changeObject(entry: number): void {
  const name = nameAt(board, entry);
  if (name === 0) {
    const object = pool.malloc(0);
    if (object === undefined) return;
    if (pool.write(object, newValue(entry, run.int(4096)))) setName(board, entry, object);
    else pool.free(object);
  } else if (run.int(2) === 0) {
    pool.write(name, newValue(entry, run.int(4096)));
  } else {
    setName(board, entry, 0);
    pool.free(name);
  }
}

function readOne(): void {
  const entry = run.int(board.length);
  const name = nameAt(board, entry);
  if (name === 0) return;
  try {
    if (isFolioEntry(entry)) checkFolio(entry, name);
    else readStamp(entry, pool.read(name));
  } catch (error) {
    // Its owner took the name away first.
    if (!(error instanceof StaleError) || nameAt(board, entry) === name) throw error;
  }
}

function step(): void {
  const what = run.int(200);
  if (what < 80) readOne();
  else if (what < 160) changeObject(entryAt(part, run.int(OBJECTS)));
  else if (what < 199) changeFolio(entryAt(part, OBJECTS + run.int(FOLIOS)));
  else pool.compact({ budgetMs: 2 });
}

workInSlices({ shared, writer, step, slice: 200 });
