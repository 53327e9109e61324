/**
 * What lies in LMDB's file, and how it is read and written.
 *
 *   pageless  in the root: says whose database it is
 *   current   in the root: which half is written to, `a` or `b`
 *   a, b      two databases of keys and frames; a key is in one of them at most
 *
 * *Bounded.* A write puts a key into the current half and takes it out of the other. When a half
 * has `maxBytes / 2` in pages, the other one is emptied and becomes the current one: what was
 * written longest ago goes, in one step, without an index of ages. Each write says by itself what
 * becomes of its key, so it does not matter that another process may have changed halves meanwhile:
 * LMDB does one write after the other, and the last one counts.
 *
 * *Swept.* Some entries are looked at every second, and those that have expired are removed; at
 * once again while they are many. One that was just written anew may go with them: a miss.
 *
 * *Removed.* LMDB goes on with a file that has no name any more, and nobody else sees it. So before
 * each call, and after a write, it is looked whether that file is still there; a folder that is
 * gone is opened anew (lmdb.ts).
 *
 * No transaction is open while JavaScript runs: writes are handed to LMDB's own thread, all of a
 * turn in one transaction, and reads see the snapshot of a call.
 */
import { createHash } from 'node:crypto';
import { type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { later } from '../border/timer.ts';
import { TierError } from '../errors.ts';
import { reasonOf } from './answers.ts';
import { expiryOf } from './frame.ts';
import { type Damage, damageOf } from './lmdb-file.ts';
import { loadPeer } from './load-peer.ts';

/** As much of lmdb as is used. */
export interface Database {
  getBinary(key: Buffer): Buffer | undefined;
  put(key: Buffer, value: Uint8Array): Promise<boolean>;
  remove(key: Buffer): Promise<boolean>;
  clearAsync(): Promise<void>;
  getRange(range: { start?: Buffer; limit: number }): Iterable<{ key: Buffer; value: Buffer }>;
  getStats(): object;
}

export interface Environment extends Database {
  batch(write: () => void): Promise<boolean>;
  openDB(options: object): Database;
  resetReadTxn(): void;
  close(): Promise<void>;
}

export interface Change {
  readonly key: Uint8Array;
  /** Undefined: it is to be removed. */
  readonly frame: Uint8Array | undefined;
}

/** Longest key of LMDB as lmdb builds it; one byte is the kind's. */
const MAX_KEY_BYTES = 1978;
const PLAIN: Buffer = Buffer.from('k');
const HASHED: Buffer = Buffer.from('h');
const OWNER: Buffer = Buffer.from('pageless');
const OWNER_SAYS: Buffer = Buffer.from('second tier');
const CURRENT: Buffer = Buffer.from('current');
/**
 * Bytes as they are: keys in their order, values uncompressed, and no cache on the heap. Of a batch
 * that lmdb makes by itself nobody gets the promise: when the disk is full it is rejected, and the
 * process ends. So batches are ours.
 */
const ENCODING = {
  keyEncoding: 'binary',
  encoding: 'binary',
  compression: false,
  cache: false,
  eventTurnBatching: false,
} as const;
const REMOVED = 'the folder was removed, or another one is in its place';
/** LMDB's code for a transaction that another one came between. */
const MDB_PROBLEM = -30_779;
/** Ours for a file that another process may be about to make. */
const BEGUN = 'ERR_BEGUN';
const OPEN_TRIES = 5;
const OPEN_PAUSE_MS = 50;
const SWEEP_MS = 1000;
/** Entries of a look: some milliseconds. */
const SWEEP_ENTRIES = 500;
/** Between looks while a quarter of what is seen has expired. */
const SWEEP_ON_MS = 20;

function damaged({ why, mayPass }: Damage): Error {
  const error = new Error(`its data.mdb is damaged: ${why}; remove it`);
  return mayPass ? Object.assign(error, { code: BEGUN }) : error;
}

export class LmdbStore {
  readonly #file: string;
  /** Its inode: none other has that number while this one is open. */
  readonly #identity: number;
  readonly #root: Environment;
  readonly #halves: readonly [Database, Database];
  readonly #halfBytes: number;
  /** Ends the wait for the next sweep. */
  #endSweeping: (() => void) | undefined;
  /** Whoever reads then leaves lmdb a timer that throws. */
  #isClosed = false;
  #cursor: { half: number; from: Buffer | undefined } = { half: 0, from: undefined };

  private constructor(
    file: string,
    root: Environment,
    halves: readonly [Database, Database],
    maxBytes: number,
  ) {
    this.#file = file;
    this.#identity = statSync(file).ino;
    this.#root = root;
    this.#halves = halves;
    this.#halfBytes = maxBytes / 2;
  }

  /**
   * Rejects with a `TierError`. Of processes that make a folder at once LMDB may fail one, and one
   * may see the beginning of what another writes.
   */
  static async open(path: string, maxBytes: number): Promise<LmdbStore> {
    for (let tries = 1; ; tries++) {
      try {
        return await LmdbStore.#open(path, maxBytes);
      } catch (error) {
        const { code } = Object((error as Error).cause) as { code?: unknown };
        const isPassing = code === MDB_PROBLEM || code === BEGUN;
        if (!isPassing || tries === OPEN_TRIES) throw error;
        await new Promise<void>((resolve) => later(resolve, OPEN_PAUSE_MS, true));
      }
    }
  }

  static async #open(path: string, maxBytes: number): Promise<LmdbStore> {
    const { open } = await loadPeer('lmdb', () => import('lmdb'));
    const file = join(path, 'data.mdb');
    let root: Environment;
    try {
      const damage = damageOf(file);
      if (damage) throw damaged(damage);
      root = open({ path, noSubdir: false, ...ENCODING }) as unknown as Environment;
    } catch (cause) {
      throw new TierError('lmdb', `the folder cannot be opened (${reasonOf(cause)})`, { cause });
    }
    try {
      await takePossession(root);
      const openHalf = (name: string) => root.openDB({ name, ...ENCODING });
      return new LmdbStore(file, root, [openHalf('a'), openHalf('b')], maxBytes);
    } catch (cause) {
      await closed(root);
      throw cause instanceof TierError ? cause : new TierError('lmdb', reasonOf(cause), { cause });
    }
  }

  /** Whether the file that is open is the one that others open. */
  get isThere(): boolean {
    const stats: Stats | undefined = statSync(this.#file, { throwIfNoEntry: false });
    return stats?.ino === this.#identity;
  }

  /** Copies of the frames, as they are committed at this moment. */
  read(keys: readonly Uint8Array[]): (Buffer | undefined)[] {
    // A thread keeps its snapshot until its event loop turns, and an idle pool's never does.
    this.#live().resetReadTxn();
    const [a, b] = this.#halves;
    return keys.map((key) => {
      const wire = wireOf(key);
      return a.getBinary(wire) ?? b.getBinary(wire);
    });
  }

  /**
   * Resolved when all of it is committed, in one piece; or none: it rejects. A frame that is too
   * long for the store is refused: its key has none afterwards. @returns for each whether it is
   * kept
   */
  async write(changes: readonly Change[]): Promise<boolean[]> {
    const current = this.#current();
    const [into, other] = [this.#halves[current]!, this.#halves[1 - current]!];
    const isKept = ({ frame }: Change) =>
      frame !== undefined && frame.length <= this.#halfBytes / 2;
    await this.#commit(() => {
      for (const change of changes) {
        const wire = wireOf(change.key);
        if (isKept(change)) into.put(wire, change.frame!);
        else into.remove(wire);
        other.remove(wire);
      }
    });
    if (!this.#isClosed) await this.#changeHalves();
    if (!this.isThere) throw new TierError('lmdb', REMOVED);
    return changes.map(isKept);
  }

  async clear(): Promise<void> {
    await this.#commit(() => {
      for (const half of this.#halves) half.clearAsync();
    });
  }

  /** Begins to remove what has expired. */
  startSweeping(): void {
    this.#sweepIn(SWEEP_MS);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#endSweeping?.();
    this.#endSweeping = undefined;
    await closed(this.#root);
  }

  /** All that `write` writes, in one transaction. Rejects with what LMDB says is wrong. */
  async #commit(write: () => void): Promise<void> {
    try {
      await this.#live().batch(write);
    } catch (error) {
      throw await causeOf(error);
    }
  }

  #live(): Environment {
    if (this.#isClosed) throw new TierError('lmdb', 'it was closed');
    return this.#root;
  }

  #current(): 0 | 1 {
    this.#live().resetReadTxn();
    return this.#root.getBinary(CURRENT)?.toString() === 'b' ? 1 : 0;
  }

  async #changeHalves(): Promise<void> {
    const current = this.#current();
    if (bytesOf(this.#halves[current]!) < this.#halfBytes) return;
    const next = 1 - current;
    const name = Buffer.from(next === 0 ? 'a' : 'b');
    await this.#commit(() => {
      this.#halves[next]!.clearAsync();
      this.#root.put(CURRENT, name);
    });
  }

  #sweepIn(ms: number): void {
    this.#endSweeping = later(() => void this.#sweep(), ms, false);
  }

  async #sweep(): Promise<void> {
    try {
      const isWorthIt = await this.#sweepSome();
      if (this.#endSweeping) this.#sweepIn(isWorthIt ? SWEEP_ON_MS : SWEEP_MS);
    } catch {
      // The disk is full, or the folder is gone: calls say so.
      if (this.#endSweeping) this.#sweepIn(SWEEP_MS);
    }
  }

  /** Looks at the next entries. @returns whether a quarter of them had expired */
  async #sweepSome(): Promise<boolean> {
    const { half, from } = this.#cursor;
    const database = this.#halves[half]!;
    const now = Date.now();
    const gone: Buffer[] = [];
    let last: Buffer | undefined;
    let seen = 0;
    this.#live().resetReadTxn();
    const range = { limit: SWEEP_ENTRIES, ...(from && { start: from }) };
    for (const { key, value } of database.getRange(range)) {
      seen++;
      last = key;
      const expiry = expiryOf(value);
      if (expiry !== 0 && expiry <= now) gone.push(key);
    }
    const isOver = seen < SWEEP_ENTRIES;
    this.#cursor = isOver ? { half: 1 - half, from: undefined } : { half, from: last };
    await this.#commit(() => {
      for (const key of gone) database.remove(key);
    });
    return gone.length * 4 >= SWEEP_ENTRIES;
  }
}

/**
 * A worker leaves it to the end of its thread, where lmdb closes what is open: lmdb 3.5 ends the
 * process if the thread is terminated in the midst of its `close`.
 */
async function closed(root: Environment): Promise<void> {
  if (isMainThread) await root.close();
}

/** Marks a new database as ours. Throws a `TierError` if it is somebody else's. */
async function takePossession(root: Environment): Promise<void> {
  const owner = root.getBinary(OWNER);
  if (owner !== undefined && Buffer.compare(owner, OWNER_SAYS) === 0) return;
  const { entryCount } = root.getStats() as { entryCount: number };
  if (owner !== undefined || entryCount > 0) {
    throw new TierError('lmdb', 'the folder holds another database: it needs one of its own');
  }
  await root.put(OWNER, OWNER_SAYS).catch(async (error) => {
    throw await causeOf(error);
  });
}

/** What is wrong with a commit: lmdb tells it in another promise, at once or never. */
async function causeOf(error: unknown): Promise<unknown> {
  const { commitError } = Object(error) as { commitError?: Promise<unknown> };
  const cause = Promise.resolve(commitError).catch((reason: unknown) => reason);
  return (await Promise.race([cause, new Promise((resolve) => setImmediate(resolve))])) ?? error;
}

/** What the pages of a database take. */
function bytesOf(database: Database): number {
  const { pageSize, treeBranchPageCount, treeLeafPageCount, overflowPages } =
    database.getStats() as Record<string, number>;
  return pageSize! * (treeBranchPageCount! + treeLeafPageCount! + overflowPages!);
}

/** A key as it stands in the database: itself, or a hash of one that is too long. */
function wireOf(key: Uint8Array): Buffer {
  if (key.length < MAX_KEY_BYTES) return Buffer.concat([PLAIN, key]);
  return Buffer.concat([HASHED, createHash('sha256').update(key).digest()]);
}
