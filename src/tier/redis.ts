/**
 * `pageless/redis`: a second tier in Redis or Valkey, by way of node-redis.
 *
 * One plain connection a thread, RESP3, with client tracking: the server remembers which keys were
 * read by it and tells when one changes (docs/design/97-tier.md). Replies and news come in one
 * stream, in the order in which the server did things.
 *
 *   key    keyPrefix : format : epoch : the user's key
 *   epoch  a random text under `keyPrefix:epoch`, itself tracked. `clear` writes another one; one
 *          that is lost is made anew, so that nothing of an earlier epoch comes back
 *
 * *One's own writes* are told as well, and must not be taken for another's. The sets of a call are
 * sent in one piece: read all keys, by one EXISTS (now they are tracked) · of each: set · read back
 * the write's own eight bytes. The first change after the first read is told exactly once, whoever
 * made it, and un-tracks the key; the last read tracks it again. So one piece of news, and our
 * bytes read back, mean that the value is ours and that the next change will be told. Anything else
 * counts as changed by another.
 */
import { randomBytes } from 'node:crypto';
import { later } from '../border/timer.ts';
import { TierError } from '../errors.ts';
import { pauseMs } from './breaker.ts';
import { FRAME_VERSION, WRITE_AT, WRITE_BYTES } from './frame.ts';
import type { Tier, TierEntry, TierEvent, TierPolicy } from './interface.ts';
import { bufferOf, isAscii, type KeyName, nameOf } from './key-name.ts';
import { loadPeer } from './load-peer.ts';
import { isFull, redisError } from './redis-error.ts';
import { type ReadRedisOptions, type RedisTierOptions, readRedisOptions } from './redis-options.ts';

export type { RedisTierOptions, Tier, TierPolicy };

/** A tier that may be waited for. */
export interface RedisTier extends Tier {
  /** Resolved when the server is there and tells of changes. Rejects with a `TierError`. */
  connect(): Promise<void>;
}

type Argument = string | Buffer;

/** A key that is being set, and how often changes of it were told meanwhile. */
interface Own {
  readonly name: KeyName;
  told: number;
}

/** As much of node-redis' client as is used. */
interface Client {
  connect(): Promise<unknown>;
  close(): Promise<unknown>;
  destroy(): void;
  readonly isReady: boolean;
  sendCommand(command: readonly Argument[]): Promise<unknown>;
  on(event: string, listener: (value: never) => void): unknown;
}

const CONNECT_MS = 2000;
const PING_MS = 5000;
/** Nothing came, not even an answer to a ping: the connection is dead without having said so. */
const SILENT_MS = 15_000;
const CLOSE_MS = 500;
const LAST_WRITE_BYTE = String(WRITE_AT + WRITE_BYTES - 1);

/**
 * A tier in the server at `url` or `socket`. It connects when a cache is made with it, or by
 * `connect`; one for each cache and thread. Throws `InvalidArgumentError`.
 */
export function redisTier(options: RedisTierOptions): RedisTier {
  return new NodeRedisTier(readRedisOptions(options));
}

class NodeRedisTier implements RedisTier {
  readonly name: string = 'redis';
  readonly policy: TierPolicy;
  readonly #options: ReadRedisOptions;
  readonly #epochKey: string;
  #client: Client | undefined;
  /**
   * Resolved with what is before each key: of the first connection when it is there. Rejects once
   * there is none any more.
   */
  #prefix: Promise<string>;
  readonly #first: Deferred<string> = deferred();
  #epoch: string | undefined;
  #listener: ((event: TierEvent) => void) | undefined;
  /** Keys that are being set here. */
  readonly #own = new Map<KeyName, Own>();
  #isArmed = false;
  /** Of the next attempt to begin, on a connection that is there. */
  #endPause: (() => void) | undefined;
  #isClosed = false;
  #waiting: { resolve(): void; reject(error: Error): void }[] = [];

  constructor(options: ReadRedisOptions) {
    this.#options = options;
    this.policy = options.policy;
    this.#epochKey = `${options.keyPrefix}:epoch`;
    this.#prefix = this.#first.promise;
  }

  connect(): Promise<void> {
    if (this.#isArmed) return Promise.resolve();
    if (this.#isClosed) return Promise.reject(new TierError(this.name, 'it was closed'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      void this.#open();
    });
  }

  invalidations(listener: (event: TierEvent) => void): void {
    if (this.#listener) throw new TierError(this.name, 'it is the tier of another cache already');
    this.#listener = listener;
    if (this.#isArmed) listener({ type: 'armed' });
    else void this.#open();
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    const prefix = await this.#prefix;
    const values = await this.#send(['MGET', ...keys.map((key) => wireOf(prefix, key))]);
    return (values as (Buffer | null)[]).map((value) => value ?? undefined);
  }

  async setMany(entries: readonly TierEntry[]): Promise<boolean[]> {
    const prefix = await this.#prefix;
    const wires = entries.map(({ key }) => wireOf(prefix, key));
    const owns = wires.map((wire) => this.#expect(wire));
    const tracked = this.#send(['EXISTS', ...wires]);
    const kept = entries.map((entry, i) => this.#set(wires[i]!, entry, owns[i]!));
    return (await Promise.all([tracked, ...kept])).slice(1) as boolean[];
  }

  async deleteMany(keys: readonly Uint8Array[]): Promise<void> {
    const prefix = await this.#prefix;
    await this.#send(['DEL', ...keys.map((key) => wireOf(prefix, key))]);
  }

  async clear(): Promise<void> {
    await this.#prefix;
    const epoch = newEpoch();
    await this.#send(['SET', this.#epochKey, epoch]);
    this.#epoch = epoch;
    // Somebody else may have begun the next one since, and told before this was tracked again.
    await this.#arm();
    await this.#prefix;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#endPause?.();
    const client = this.#client;
    this.#lose(new TierError(this.name, 'it was closed'));
    if (client === undefined) return;
    const endWait = later(() => client.destroy(), CLOSE_MS, true);
    await client.close().catch(() => undefined);
    endWait();
  }

  /** From now on what is told of a key may be the doing of a write here. */
  #expect(wire: Argument): Own {
    const own = { name: nameOf(wire), told: 0 };
    this.#own.set(own.name, own);
    return own;
  }

  async #set(wire: Argument, { key, frame, ttl }: TierEntry, own: Own): Promise<boolean> {
    const ms = Math.min(ttl ?? Number.POSITIVE_INFINITY, this.#options.maxAgeMs);
    try {
      const [, written] = await Promise.all([
        this.#send(['SET', wire, frame as Buffer, 'PX', String(ms)]),
        this.#send(['GETRANGE', wire, String(WRITE_AT), LAST_WRITE_BYTE]),
      ]);
      const mark = bufferOf(frame).subarray(WRITE_AT, WRITE_AT + WRITE_BYTES);
      if (!mark.equals(written as Buffer) || own.told !== 1)
        this.#tell({ type: 'changed', keys: [key] });
      return true;
    } catch (error) {
      if (own.told > 0) this.#tell({ type: 'changed', keys: [key] });
      if (!isFull(error)) throw error;
      await this.#send(['DEL', wire]);
      return false;
    } finally {
      if (this.#own.get(own.name) === own) this.#own.delete(own.name);
    }
  }

  /** Sends a command, or rejects with a `TierError`; but for a full server's own. */
  async #send(command: readonly Argument[]): Promise<unknown> {
    try {
      if (this.#client === undefined) throw new TierError(this.name, 'it was closed');
      return await this.#client.sendCommand(command);
    } catch (error) {
      throw isFull(error) ? error : redisError(error, this.#options.connection);
    }
  }

  async #open(): Promise<void> {
    if (this.#client || this.#isClosed) return;
    try {
      const client = await makeClient(this.#options);
      if (this.#client || this.#isClosed) return;
      this.#client = client;
      client.on('ready', () => {
        this.#isArmed = false;
        void this.#arm();
      });
      client.on('error', (error: unknown) => this.#lose(error));
      client.on('end', () => this.#lose(undefined));
      client.on('invalidate', (key: Buffer | null) => this.#hear(key));
      await client.connect();
    } catch (error) {
      this.#lose(error);
    }
  }

  /**
   * The connection is there, and tracked: from now on it counts what is told. A server that refuses
   * is asked again: one that loads, a full one, or a replica in which there is no epoch.
   */
  async #arm(attempt = 0): Promise<void> {
    this.#endPause?.();
    this.#prefix = this.#readEpoch();
    // Who asked before is answered after all have been told.
    this.#first.resolve(this.#prefix);
    try {
      await this.#prefix;
    } catch (error) {
      this.#lose(error);
      if (!this.#isClosed && this.#client?.isReady) this.#armLater(attempt);
      return;
    }
    if (this.#isClosed || this.#isArmed) return;
    this.#isArmed = true;
    this.#tell({ type: 'armed' });
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  #armLater(attempt: number): void {
    this.#endPause?.();
    this.#endPause = later(() => void this.#arm(attempt + 1), pauseMs(attempt), true);
  }

  #lose(cause: unknown): void {
    const error = cause === undefined ? undefined : redisError(cause, this.#options.connection);
    const reason = error ?? new TierError(this.name, 'not connected');
    this.#prefix = failing(reason);
    this.#first.reject(reason);
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
    if (this.#isClosed) return;
    this.#isArmed = false;
    this.#tell({ type: 'lost', error });
  }

  /**
   * Reads the epoch, so that its change is told; makes one if there is none. @returns the prefix
   */
  async #readEpoch(): Promise<string> {
    let epoch = await this.#send(['GET', this.#epochKey]);
    while (epoch === null) {
      await this.#send(['SET', this.#epochKey, newEpoch(), 'NX']);
      epoch = await this.#send(['GET', this.#epochKey]);
    }
    const read = String(epoch);
    if (this.#epoch !== undefined && this.#epoch !== read) this.#tell({ type: 'cleared' });
    this.#epoch = read;
    return this.#prefixOf(read);
  }

  #prefixOf(epoch: string): string {
    return `${this.#options.keyPrefix}:${FRAME_VERSION}:${epoch}:`;
  }

  /** A key has changed; null: all of them. */
  #hear(key: Buffer | null): void {
    const name = key?.toString('latin1');
    if (name === undefined || name === this.#epochKey) {
      if (name === undefined) this.#tell({ type: 'cleared' });
      void this.#arm();
      return;
    }
    const own = this.#own.get(name);
    if (own) own.told++;
    const prefix = this.#prefixOf(this.#epoch ?? '');
    if (own || !name.startsWith(prefix)) return;
    this.#tell({ type: 'changed', keys: [key!.subarray(prefix.length)] });
  }

  #tell(event: TierEvent): void {
    this.#listener?.(event);
  }
}

function newEpoch(): string {
  return randomBytes(6).toString('base64url');
}

/** A key as it is sent: as text where that is the same, which the client sends in fewer pieces. */
function wireOf(prefix: string, key: Uint8Array): Argument {
  const name = nameOf(key);
  return isAscii(name) ? prefix + name : Buffer.concat([Buffer.from(prefix), key]);
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T | Promise<T>): void;
  reject(error: Error): void;
}

/** A promise that is settled from outside, and that nobody has to await. */
function deferred<T>(): Deferred<T> {
  let settle!: Omit<Deferred<T>, 'promise'>;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  promise.catch(() => undefined);
  return { promise, ...settle };
}

/** A promise that rejects, and that nobody has to await. */
function failing(error: Error): Promise<never> {
  const promise = Promise.reject(error);
  promise.catch(() => undefined);
  return promise;
}

async function makeClient({ connection }: ReadRedisOptions): Promise<Client> {
  const { createClient, RESP_TYPES } = await loadPeer('redis', () => import('redis'));
  const { socket, ...rest } = connection;
  const ours = {
    connectTimeout: CONNECT_MS,
    socketTimeout: SILENT_MS,
    reconnectStrategy: (retries: number) => pauseMs(retries),
  };
  const options = {
    ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)),
    socket: { ...ours, ...socket },
    RESP: 3 as const,
    emitInvalidate: true,
    disableOfflineQueue: true,
    pingInterval: PING_MS,
    // Else a command to begin with, and a look at each piece of news: for one vendor's servers.
    maintNotifications: 'disabled' as const,
    // The client's time-out is an AbortSignal a command, a third of its cost, and ends only those
    // that have not left. The session has its own.
    commandOptions: { timeout: 0, typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
  };
  return createClient(options as never) as unknown as Client;
}
