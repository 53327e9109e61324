/**
 * Who writes to LMDB: one thread of a process, the main one, for all.
 *
 * A thread that is terminated while it writes leaves LMDB's lock taken, and every other thread and
 * process waits for it; a process that is killed does not, its lock is given on. The main thread
 * ends with its process only. So it writes, and other threads send it what they have: on a port of
 * their own, which they hand over by a message from thread to thread.
 *
 *   main     offers its store under the folder's name; of several caches the last that was opened
 *            and is not closed
 *   another  connects when it writes first, and is greeted; a main thread that offers none refuses,
 *            and one that does not greet, since its listener is somebody else's, counts as that
 */
import { realpathSync } from 'node:fs';
import {
  MessageChannel,
  type MessagePort,
  postMessageToThread,
  type TransferListItem,
} from 'node:worker_threads';
import { later } from '../border/timer.ts';
import { TierError } from '../errors.ts';
import { reasonOf } from './answers.ts';
import type { Change, LmdbStore } from './lmdb-store.ts';

/** Writes, or has it done. Both reject when it did not come to be, as far as is known. */
export interface LmdbWriter {
  write(changes: readonly Change[]): Promise<boolean[]>;
  clear(): Promise<void>;
  close(): void;
}

/** What travels. */
interface Connect {
  readonly pageless: 'lmdb';
  readonly folder: string;
  readonly port: MessagePort;
}
interface Order {
  readonly id: number;
  /** Undefined: everything is to go. */
  readonly changes: readonly Change[] | undefined;
}
interface Answer {
  readonly id: number;
  readonly kept?: boolean[];
  readonly reason?: string;
}

/** The first word on a port: somebody is there who obeys. */
const GREETING: Answer = { id: 0 };

const MAIN_THREAD = 0;
/** For the main thread to take the port; the session gives up before that. */
const CONNECT_MS = 2000;

const NOBODY = 'the main thread does not write: it has to open an lmdbTier of this folder';

/** The store of a folder, opened. */
type FindStore = () => Promise<LmdbStore>;

/** Stores of the main thread that are offered, by folder: the last one is used. */
const offers = new Map<string, FindStore[]>();

/** Has the main thread write to this folder for others. @returns how to end it */
export function offer(path: string, find: FindStore): () => void {
  const folder = realpathSync(path);
  if (offers.size === 0) process.on('workerMessage', connected);
  offers.set(folder, [...(offers.get(folder) ?? []), find]);
  return () => {
    const others = (offers.get(folder) ?? []).filter((other) => other !== find);
    if (others.length > 0) offers.set(folder, others);
    else offers.delete(folder);
    if (offers.size === 0) process.off('workerMessage', connected);
  };
}

/** In the main thread: another one has come. */
function connected(message: unknown): void {
  const { pageless, folder, port } = (message ?? {}) as Partial<Connect>;
  if (pageless !== 'lmdb' || folder === undefined || port === undefined) return;
  if (!offers.has(folder)) {
    port.close();
    return;
  }
  port.on('message', async ({ id, changes }: Order) => {
    port.postMessage(await obey(folder, id, changes));
  });
  port.unref();
  port.postMessage(GREETING);
}

async function obey(folder: string, id: number, changes: Order['changes']): Promise<Answer> {
  const find = offers.get(folder)?.at(-1);
  if (find === undefined) return { id, reason: NOBODY };
  try {
    const store = await find();
    if (changes) return { id, kept: await store.write(changes) };
    await store.clear();
    return { id };
  } catch (error) {
    return { id, reason: reasonOf(error) };
  }
}

/** The main thread, as another one sees it. */
export class RemoteWriter implements LmdbWriter {
  readonly #folder: string;
  readonly #calls = new Map<number, { resolve(kept: boolean[]): void; reject(e: Error): void }>();
  #port: Promise<MessagePort> | undefined;
  #orders = 0;

  constructor(path: string) {
    this.#folder = realpathSync(path);
  }

  async write(changes: readonly Change[]): Promise<boolean[]> {
    // Frames are parts of larger memory, which would travel with each of them.
    const copies = changes.map(({ key, frame }) => ({
      key: new Uint8Array(key),
      frame: frame && new Uint8Array(frame),
    }));
    const buffers = copies.flatMap(({ frame }) => (frame ? [frame.buffer] : []));
    return this.#order(copies, buffers);
  }

  async clear(): Promise<void> {
    await this.#order(undefined, []);
  }

  close(): void {
    this.#giveUp(new TierError('lmdb', 'it was closed'));
    this.#port?.then((port) => port.close()).catch(() => undefined);
  }

  async #order(changes: Order['changes'], memory: TransferListItem[]): Promise<boolean[]> {
    this.#port ??= this.#connect();
    const port = await this.#port;
    const id = ++this.#orders;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      port.postMessage({ id, changes } satisfies Order, memory);
    });
  }

  async #connect(): Promise<MessagePort> {
    const { port1, port2 } = new MessageChannel();
    const greeted = greetingOf(port1);
    // Whoever waits has a timer; a port alone keeps no thread alive.
    port1.unref();
    const message: Connect = { pageless: 'lmdb', folder: this.#folder, port: port2 };
    try {
      await Promise.all([postMessageToThread(MAIN_THREAD, message, [port2], CONNECT_MS), greeted]);
    } catch (cause) {
      port1.close();
      this.#port = undefined;
      throw new TierError('lmdb', NOBODY, { cause });
    }
    port1.on('message', ({ id, kept, reason }: Answer) => {
      const call = this.#calls.get(id);
      this.#calls.delete(id);
      if (reason === undefined) call?.resolve(kept ?? []);
      else call?.reject(new TierError('lmdb', reason));
    });
    port1.on('close', () => {
      this.#port = undefined;
      this.#giveUp(new TierError('lmdb', NOBODY));
    });
    port1.unref();
    return port1;
  }

  #giveUp(error: Error): void {
    for (const { reject } of this.#calls.values()) reject(error);
    this.#calls.clear();
  }
}

/** Resolved with the first word on a port. Rejects when it is closed, as it is if none comes. */
function greetingOf(port: MessagePort): Promise<unknown> {
  const endWait = later(() => port.close(), CONNECT_MS, false);
  return new Promise((resolve, reject) => {
    port.once('message', resolve);
    port.once('close', () => reject(new TierError('lmdb', NOBODY)));
  }).finally(endWait);
}
