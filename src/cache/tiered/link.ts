/**
 * The cache and its second tier: what is set here goes there, what is missing here is looked for
 * there.
 *
 * One link for each thread's part of a cache; the session (src/tier/session.ts) does the talking
 * and decides what may be believed. Reading what is here (`get`) knows nothing of it. A thread that
 * was attached with `tier: false` has a link without a session: what it sets stays here, and not
 * for long.
 */
import type { Arena } from '../../arena/arena.ts';
import { LAST, type ZoneClock } from '../../border/clock.ts';
import type { KernelExports } from '../../border/kernel.ts';
import * as facts from '../../generated/facts.ts';
import { isAttached } from '../../threads/registry.ts';
import type { Found, Frame, FrameKind } from '../../tier/frame.ts';
import { hashOfBytes, type KeyName, nameOf } from '../../tier/key-name.ts';
import { LocalWrites } from '../../tier/local-writes.ts';
import { type LocalEntries, type LocalEntry, TierSession } from '../../tier/session.ts';
import { isSmall, StoredBlocks } from '../transfer/stored.ts';
import { type Border, copyKey, type Key } from '../transfer/transfer.ts';
import type { Decoder } from '../values/values.ts';
import { clearSteps } from '../walks/purge.ts';
import type { OpenTier } from './settings.ts';

/** Steps of clearing that go at once when everybody's are cleared; then others get their turn. */
const CLEAR_STEPS = 4;

/** Of a value whose block does not lie in the scratch. */
export const UNKNOWN_LENGTH = -1;

/** What a link needs of its cache. */
export interface TierHost<T> {
  /** Throws `DisposedError`. */
  live(): Border;
  readonly kernel: KernelExports;
  readonly clock: ZoneClock;
  readonly decode: Decoder<T>;
  readonly settings: {
    readonly maxEntrySize: number;
    readonly ttl: number;
    readonly values: FrameKind;
    readonly compression: 'lz4' | 'none';
  };
}

/** What was stored under a key. */
export interface Written {
  /** Bytes of the value whose block lies in the scratch, or `UNKNOWN_LENGTH`. */
  readonly length: number;
  /** Milliseconds; 0: for ever. */
  readonly ttl: number;
  /** Undefined: it has some. */
  readonly tags: readonly string[] | undefined;
}

export class TierLink<T> implements LocalEntries {
  readonly #host: TierHost<T>;
  readonly #stored: StoredBlocks;
  /** Where keys are put. */
  readonly #key: Uint8Array;
  readonly #writes: LocalWrites;
  /** Of the key that was noted. */
  #name: KeyName = '';
  readonly #maxStaleMs: number;
  readonly session: TierSession | undefined;

  constructor(host: TierHost<T>, arena: Arena, { tier, policy, shared }: OpenTier) {
    this.#host = host;
    this.#stored = new StoredBlocks(host.kernel, arena.memory);
    this.#key = new Uint8Array(arena.memory.buffer, host.kernel.keyScratch() >>> 0);
    const isLive = (owner: number) => isAttached(host.kernel, owner);
    const writes = new LocalWrites(shared.writes, tier !== undefined, {
      owner: arena.thread,
      isLive,
    });
    this.#writes = writes;
    this.#maxStaleMs = Math.min(policy.maxStaleMs, shared.maxStaleMs);
    const kind = host.settings.values;
    if (tier) this.session = new TierSession({ tier, policy, writes, kind, local: this });
  }

  /** How long an entry may stay here that lives for `ttl` ms; 0: for ever. */
  bound(ttl: number): number {
    return ttl === 0 ? this.#maxStaleMs : Math.min(ttl, this.#maxStaleMs);
  }

  /** The key in the scratch is about to be changed; `tell` is next, and no code of the user's. */
  note(key: Key, keyBytes: number): void {
    // A text of as many characters as bytes is in ASCII: its own name.
    const isName = typeof key === 'string' && key.length === keyBytes;
    const name = isName ? key : nameOf(copyKey(key));
    // A text that was just put together is slow to look at, its bytes are not.
    this.#writes.note(name, hashOfBytes(this.#key, keyBytes & facts.LENGTH_MASK));
    this.#name = name;
  }

  /**
   * What has become of the key that was noted, which is in the scratch. A value with tags stays
   * here, where `deleteTag` is.
   *
   * @param failure  0: it has what is `written`, or, if that is undefined, none any more
   */
  tell(failure: number, keyBytes: number, written: Written | undefined): void {
    const name = this.#name;
    if (failure !== 0) this.#writes.giveUp(name);
    else if (this.session === undefined) this.#writes.mark(name);
    else if (written === undefined) this.session.removed(name);
    else if (written.tags === undefined || written.tags.length > 0) this.session.stayed(name);
    else this.#write(this.session, keyBytes, written);
  }

  #write(session: TierSession, keyBytes: number, { length, ttl }: Written): void {
    const name = this.#name;
    // What is raw went into its object by no scratch.
    const isPacked = this.#host.settings.compression === 'lz4' && length !== UNKNOWN_LENGTH;
    if (isPacked && length <= facts.SMALL_BLOCK_BYTES) {
      session.wrote(name, [this.#stored.lent], length, ttl);
      return;
    }
    const entry = this.#stored.read(keyBytes, this.#host.clock.told);
    if (entry) session.wrote(name, entry.blocks, entry.valueBytes, ttl);
    // It is gone already: evicted, or somebody else's turn.
    else session.removed(name);
  }

  /** What the tier has for a key that has no value here. */
  async fetch(key: Key): Promise<T | undefined> {
    return (await this.fetchMany([key]))[0];
  }

  /** The same for several keys: kept, unless they have changed meanwhile. */
  async fetchMany(keys: readonly Key[]): Promise<(T | undefined)[]> {
    const { session } = this;
    const values = keys.map((): T | undefined => undefined);
    const names = keys.map((key) => nameOf(copyKey(key)));
    await session?.fetchMany(names, (i, found) => {
      values[i] = this.#take(names[i]!, found, session);
    });
    return values;
  }

  #take(name: KeyName, found: Found, session: TierSession): T | undefined {
    const { decode } = this.#host;
    const { frame, since } = found;
    const isWanted = frame !== undefined && found.isCurrent;
    const kept = isWanted ? this.#keep(name, frame, since) : 'refused';
    if (kept === 'kept' && isShort(frame!)) {
      return decode(this.#stored.decoded(frame!.valueBytes), true);
    }
    if (kept === 'damaged') session.noteDamaged();
    // Whoever was faster, a `set` or another caller of this one, has what is newer.
    const here = this.#host.live().incoming.fetch(this.#put(name), decode);
    if (here !== undefined || frame === undefined || kept === 'damaged') return here;
    if (!isWanted) session.noteOutrun();
    const value = this.#stored.decode(frame.blocks, frame.valueBytes);
    if (value !== undefined) return decode(value, false);
    session.noteDamaged();
    return undefined;
  }

  now(): number {
    return this.#host.clock.now();
  }

  has(name: KeyName): boolean {
    return this.#host.live().has(this.#put(name));
  }

  read(name: KeyName): LocalEntry | undefined {
    const found = this.#host.live().details.inspect(this.#put(name));
    if (typeof found === 'number') return undefined;
    const entry = this.#stored.read(this.#put(name), this.#host.clock.now());
    return entry && { ...entry, hasTags: found.tags > 0 };
  }

  keep(name: KeyName, frame: Frame, since: number): boolean {
    return this.#keep(name, frame, since) !== 'damaged';
  }

  #keep(name: KeyName, frame: Frame, since: number): 'kept' | 'refused' | 'damaged' {
    const { clock, settings } = this.#host;
    if (frame.valueBytes > settings.maxEntrySize) return 'refused';
    // What has changed while the answer was on its way counts from the question on.
    const belief = since + this.#maxStaleMs;
    const end = frame.expiry === 0 ? LAST : clock.now() + Math.ceil(frame.expiry - Date.now());
    const expiry = Math.min(belief, end);
    if (expiry <= clock.told) return 'refused';
    // Without one, and in a cache whose entries have none, it lives for ever.
    const fresh = frame.expiry === 0 && settings.ttl === 0 ? 0 : end;
    return this.#stored.add(this.#put(name), frame.blocks, frame.valueBytes, expiry, fresh);
  }

  remove(name: KeyName): void {
    this.#host.kernel.remove(this.#put(name));
  }

  clear(): void {
    const steps = clearSteps(this.#host.kernel);
    const go = () => {
      try {
        this.#host.live();
        for (let count = 0; count < CLEAR_STEPS; count++) if (steps.next().done) return;
        setImmediate(go);
      } catch {
        // It is closed, or poisoned: whoever calls next is told.
      }
    };
    go();
  }

  #put(name: KeyName): number {
    return this.#host.live().putName(name);
  }
}

/** Whether its one block is in the thread's own scratch after it was kept. */
function isShort(frame: Frame): boolean {
  return frame.valueBytes <= facts.SMALL_BLOCK_BYTES && frame.blocks.every(isSmall);
}
