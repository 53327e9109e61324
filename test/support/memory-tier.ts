/** A tier in memory, that may be slow, broken, or told to forget; several may share one store. */
import type { Tier, TierEntry, TierEvent } from '../../src/tier/interface.ts';
import { nameOf } from '../../src/tier/key-name.ts';

/** What several tiers share: one server. */
export class MemoryStore {
  readonly frames = new Map<string, { frame: Buffer; until: number }>();
  readonly tiers = new Set<MemoryTier>();
  /** Calls and keys so far. */
  readonly calls = { getMany: 0, setMany: 0, deleteMany: 0, clear: 0, keys: 0 };

  tell(event: TierEvent, but?: MemoryTier): void {
    for (const tier of this.tiers) if (tier !== but) tier.hear(event);
  }
}

export class MemoryTier implements Tier {
  readonly name: string = 'memory';
  readonly store: MemoryStore;
  /** Awaited before each call is done; it may throw. */
  before: (call: keyof MemoryStore['calls']) => unknown = () => undefined;
  /** Awaited between doing a call and answering it. */
  after: (call: keyof MemoryStore['calls']) => unknown = () => undefined;
  isFull = false;
  isClosed = false;
  #listener: ((event: TierEvent) => void) | undefined;

  constructor(store: MemoryStore = new MemoryStore()) {
    this.store = store;
    store.tiers.add(this);
  }

  hear(event: TierEvent): void {
    this.#listener?.(event);
  }

  invalidations(listener: (event: TierEvent) => void): void {
    this.#listener = listener;
    listener({ type: 'armed' });
  }

  async #do<T>(call: keyof MemoryStore['calls'], keys: number, work: () => T): Promise<T> {
    this.store.calls[call]++;
    this.store.calls.keys += keys;
    await this.before(call);
    const result = work();
    await this.after(call);
    return result;
  }

  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return this.#do('getMany', keys.length, () =>
      keys.map((key) => {
        const found = this.store.frames.get(nameOf(key));
        return found && found.until > Date.now() ? Buffer.from(found.frame) : undefined;
      }),
    );
  }

  setMany(entries: readonly TierEntry[]): Promise<boolean[]> {
    return this.#do('setMany', entries.length, () => {
      for (const { key, frame, ttl } of entries) {
        if (this.isFull) this.store.frames.delete(nameOf(key));
        else {
          const until = ttl === undefined ? Number.POSITIVE_INFINITY : Date.now() + ttl;
          this.store.frames.set(nameOf(key), { frame: Buffer.from(frame), until });
        }
      }
      this.store.tell({ type: 'changed', keys: entries.map(({ key }) => key) }, this);
      return entries.map(() => !this.isFull);
    });
  }

  deleteMany(keys: readonly Uint8Array[]): Promise<void> {
    return this.#do('deleteMany', keys.length, () => {
      for (const key of keys) this.store.frames.delete(nameOf(key));
      this.store.tell({ type: 'changed', keys }, this);
    });
  }

  clear(): Promise<void> {
    return this.#do('clear', 0, () => {
      this.store.frames.clear();
      this.store.tell({ type: 'cleared' }, this);
    });
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.store.tiers.delete(this);
  }
}
