/**
 * Jobs: what a thread of the demo does in each phase.
 *
 *   load      take files, one at a time, read them and store them
 *   verify    read back what one other thread stored, and compare it with the files
 *   delete    take files that are doomed and delete them
 *   recheck   verify again; what was deleted must be gone
 *
 * A value is right when it equals the file byte for byte, or, if the file has changed since, when
 * its SHA-256 is that of the bytes that were offered.
 */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { isSystemError } from '../border/files.ts';
import type { SharedCache } from '../cache/shared-cache.ts';
import { InvalidArgumentError } from '../errors.ts';
import { formatSize } from '../sizes.ts';
import type { Ledger } from './ledger.ts';
import * as states from './ledger.ts';
import { type Problem, reasonOf } from './text.ts';

export type Phase = 'load' | 'verify' | 'delete' | 'recheck';

export interface Task {
  cache: SharedCache;
  files: string[];
  ledger: Ledger;
  maxEntryBytes: number;
}

/** What a thread has done in a phase. */
export interface Tally {
  /** Files offered, compared or deleted, and their bytes. */
  files: number;
  bytes: number;
  /** Time inside the cache, without disk, digests and comparisons. */
  cacheMs: number;
  problems: Problem[];
}

/** Does a phase's share: for `verify` and `recheck`, of what the worker `who` stored. */
export function work(phase: Phase, task: Task, who: number, onFile?: () => void): Tally {
  const job = new Job(task, onFile);
  if (phase === 'load') job.each((file) => job.load(file, who));
  else if (phase === 'delete') job.each((file) => job.delete(file));
  else if (phase === 'verify') job.eachOf(who, (file) => job.verify(file));
  else job.eachOf(who, (file) => job.recheck(file));
  return job.tally;
}

class Job {
  readonly tally: Tally = { files: 0, bytes: 0, cacheMs: 0, problems: [] };
  readonly #task: Task;
  readonly #onFile: (() => void) | undefined;

  constructor(task: Task, onFile?: () => void) {
    this.#task = task;
    this.#onFile = onFile;
  }

  /** Files that no other thread takes, until there are none left. */
  each(deal: (file: number) => void): void {
    const { ledger, files } = this.#task;
    for (let file = ledger.take(); file < files.length; file = ledger.take()) {
      deal(file);
      this.#finish();
    }
  }

  /** The files that a worker loaded. */
  eachOf(writer: number, deal: (file: number) => void): void {
    const { ledger, files } = this.#task;
    for (let file = 0; file < files.length; file++) {
      if (ledger.writers[file] !== writer) continue;
      deal(file);
      this.#finish();
    }
  }

  #finish(): void {
    this.#task.ledger.finish();
    this.#onFile?.();
  }

  load(file: number, who: number): void {
    const { ledger, cache, maxEntryBytes } = this.#task;
    const path = this.#path(file);
    ledger.writers[file] = who;
    try {
      const bytes = readUpTo(path, maxEntryBytes);
      ledger.keepDigest(file, digestOf(bytes));
      const isStored = this.#timed(() => cache.set(path, bytes));
      ledger.states[file] = isStored ? states.STORED : states.REFUSED;
      this.#count(bytes);
      if (!isStored) this.#tellRefusal(path, bytes.length);
    } catch (error) {
      if (!isAboutFile(error)) throw error;
      ledger.states[file] = states.UNREADABLE;
      this.#tell('unreadable', path, `cannot be read (${reasonOf(error)})`);
    }
  }

  #tellRefusal(path: string, bytes: number): void {
    const limit = formatSize(this.#task.maxEntryBytes);
    if (bytes > this.#task.maxEntryBytes) {
      this.#tell('too large', path, `refused: longer than ${limit}, the largest value allowed`);
    } else {
      this.#tell('no room', path, `refused: no room for its ${formatSize(bytes)}`);
    }
  }

  verify(file: number): void {
    if (this.#task.ledger.states[file] === states.STORED) this.#compare(file, states.PRESENT);
  }

  recheck(file: number): void {
    const { ledger, cache } = this.#task;
    const state = ledger.states[file];
    if (state === states.PRESENT) this.#compare(file, states.VERIFIED);
    if (state !== states.DELETED || !cache.has(this.#path(file))) return;
    ledger.states[file] = states.WRONG;
    this.#tell('wrong', this.#path(file), 'deleted, and still in the cache');
  }

  #compare(file: number, right: number): void {
    const { ledger, cache } = this.#task;
    const value = this.#timed(() => cache.get(this.#path(file)));
    if (value === undefined) ledger.states[file] = states.EVICTED;
    else ledger.states[file] = this.#isRight(file, value) ? right : states.WRONG;
    if (value !== undefined) this.#count(value);
  }

  #isRight(file: number, value: Uint8Array): boolean {
    const path = this.#path(file);
    const onDisk = tryRead(path, this.#task.maxEntryBytes);
    if (onDisk?.equals(value)) return true;
    if (this.#task.ledger.isDigest(file, digestOf(value))) {
      this.#tell('changed', path, 'changed on disk since it was loaded; the cache is right');
      return true;
    }
    const at = onDisk ? firstDifference(onDisk, value) : 0;
    const seen = `${value.length} bytes, which differ from the file from byte ${at} on`;
    this.#tell('wrong', path, `the cache gave ${seen} and are not what was stored`);
    return false;
  }

  delete(file: number): void {
    const { ledger, cache } = this.#task;
    if (ledger.states[file] !== states.DOOMED) return;
    const isDeleted = this.#timed(() => cache.delete(this.#path(file)));
    ledger.states[file] = isDeleted ? states.DELETED : states.EVICTED;
    if (isDeleted) this.tally.files++;
  }

  #path(file: number): string {
    return this.#task.files[file]!;
  }

  #count(bytes: Uint8Array): void {
    this.tally.files++;
    this.tally.bytes += bytes.length;
  }

  #timed<T>(call: () => T): T {
    const start = performance.now();
    const result = call();
    this.tally.cacheMs += performance.now() - start;
    return result;
  }

  #tell(kind: Problem['kind'], path: string, detail: string): void {
    this.tally.problems.push({ kind, path, detail });
  }
}

/** The file system's errors, and a path that is too long for a key. All others are ours. */
function isAboutFile(error: unknown): boolean {
  return error instanceof InvalidArgumentError || isSystemError(error);
}

function digestOf(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function firstDifference(a: Uint8Array, b: Uint8Array): number {
  const at = a.findIndex((byte, index) => byte !== b[index]);
  return at < 0 ? a.length : at;
}

function tryRead(path: string, limit: number): Buffer | undefined {
  try {
    return readUpTo(path, limit);
  } catch {
    return undefined;
  }
}

/**
 * A file's bytes; of one longer than `limit`, the first `limit` + 1: enough to be refused, so that
 * a file of any size costs no more memory than the largest value.
 */
function readUpTo(path: string, limit: number): Buffer {
  const fd = openSync(path, 'r');
  try {
    let bytes = Buffer.allocUnsafe(Math.min(fstatSync(fd).size, limit) + 1);
    let length = 0;
    while (true) {
      const read = readSync(fd, bytes, length, bytes.length - length, null);
      length += read;
      if (read === 0 || length > limit) return bytes.subarray(0, length);
      // The file has grown, or does not know its size.
      if (length === bytes.length) {
        bytes = Buffer.concat([bytes], Math.min(2 * length + 4096, limit + 1));
      }
    }
  } finally {
    closeSync(fd);
  }
}
