/**
 * A tier as bad as one may be (src/tier/interface.ts), whose steps are drawn. Of one thread's calls
 * the later one wins, those of several come true in any order. A call may come true late, also
 * after it was given up, twice, in part, or never; its answer may be late, lost, or an error though
 * it has come true.
 */
import type { Tier, TierEntry, TierEvent } from '../../src/tier/interface.ts';
import { bytesOfName, type KeyName, nameOf } from '../../src/tier/key-name.ts';
import type { Seeded } from './seeded.ts';

/** What the tier is asked to do: parts, one after the other. */
interface Call {
  readonly parts: readonly (() => void)[];
  readonly answer: () => void;
  readonly fail: (error: Error) => void;
}

/** What all wires lead to. */
export class DrawnStore {
  readonly random: Seeded;
  readonly held = new Map<KeyName, Uint8Array>();
  readonly tiers: DrawnTier[] = [];
  /** What came true, in its order. */
  readonly log: string[] = [];
  /** Whether it has no room for some of what it is to keep. */
  isFull = false;
  /** Whether connections are lost. */
  losesWires = true;
  /** Whether it breaks its word: some of what it tells does not arrive. */
  losesNews = false;

  constructor(random: Seeded) {
    this.random = random;
  }
}

/** A thread's connection: what it is given as its tier. */
export class DrawnTier implements Tier {
  readonly name: string;
  readonly #store: DrawnStore;
  /** Made, and not come true. */
  readonly #calls: Call[] = [];
  /** Come true, or failed, and not answered. */
  readonly #answers: (() => void)[] = [];
  /** To be told. */
  readonly #news: TierEvent[] = [];
  #listener: ((event: TierEvent) => void) | undefined;
  isDown = false;

  constructor(store: DrawnStore, name: string) {
    this.#store = store;
    this.name = name;
    store.tiers.push(this);
  }

  get isIdle(): boolean {
    return this.#calls.length === 0 && this.#answers.length === 0 && this.#news.length === 0;
  }

  invalidations(listener: (event: TierEvent) => void): void {
    this.#listener = listener;
    listener({ type: 'armed' });
  }

  #hear(event: TierEvent): void {
    const { losesNews, random } = this.#store;
    if (!losesNews || random.int(4) > 0) this.#listener?.(event);
  }

  /** Tells all others. */
  #tell(event: TierEvent): void {
    for (const tier of this.#store.tiers) {
      if (tier !== this && tier.#listener && !tier.isDown) tier.#news.push(event);
    }
  }

  /** Does what is asked of it, or makes it go wrong. @returns what answers, if it does */
  serve(isFaulty: boolean): (() => void) | undefined {
    const { int } = this.#store.random;
    const event = int(2) === 0 ? this.#news.shift() : undefined;
    if (event) return () => this.#hear(event);
    if (isFaulty && this.#store.losesWires && int(60) === 0) this.#lose();
    else if (this.#answers.length > 0 && int(2) === 0) return this.#answers.shift();
    else if (this.#calls.length === 0) return undefined;
    else if (isFaulty && int(6) === 0) this.#spoil();
    else this.#doNext();
    return undefined;
  }

  /** The first call comes true. */
  #doNext(): void {
    const { parts, answer } = this.#calls.shift()!;
    for (const part of parts) part();
    this.#answers.push(answer);
  }

  /** Something goes wrong with the first call. */
  #spoil(): void {
    const { int } = this.#store.random;
    const call = this.#calls.shift()!;
    for (const part of call.parts.slice(int(call.parts.length + 1))) part();
    // It comes true again, later.
    if (int(4) === 0) this.#calls.unshift(call);
    else if (int(3) > 0) this.#answers.push(() => call.fail(new Error('spoilt')));
  }

  /** The connection is lost, or there again: what was sent comes true, or does not. */
  #lose(): void {
    while (this.#calls.length > 0) {
      if (this.#store.random.int(2) === 0) this.#doNext();
      else this.#spoil();
    }
    this.setDown(!this.isDown);
  }

  /** What changes while it is down is not told. */
  setDown(isDown: boolean): void {
    if (isDown === this.isDown) return;
    this.isDown = isDown;
    if (isDown) this.#news.length = 0;
    if (this.#listener) this.#news.push({ type: isDown ? 'lost' : 'armed' });
  }

  #call<T>(parts: readonly (() => void)[], value: () => T): Promise<T> {
    if (this.isDown) return Promise.reject(new Error('down'));
    return new Promise((resolve, reject) => {
      this.#calls.push({ parts, answer: () => resolve(value()), fail: reject });
    });
  }

  #part(name: KeyName, frame: Uint8Array | undefined): () => void {
    const { held, log } = this.#store;
    return () => {
      log.push(`${this.name} ${frame ? 'sets' : 'deletes'} ${name}`);
      if (frame) held.set(name, Buffer.from(frame));
      else held.delete(name);
      this.#tell({ type: 'changed', keys: [bytesOfName(name)] });
    };
  }

  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    const found: (Uint8Array | undefined)[] = [];
    const parts = keys.map((key, i) => () => {
      found[i] = this.#store.held.get(nameOf(key));
    });
    return this.#call(parts, () => found);
  }

  setMany(entries: readonly TierEntry[]): Promise<boolean[]> {
    const { isFull, random } = this.#store;
    const kept = entries.map(() => !isFull || random.int(30) > 0);
    const parts = entries.map(({ key, frame }, i) =>
      this.#part(nameOf(key), kept[i] ? frame : undefined),
    );
    return this.#call(parts, () => kept);
  }

  deleteMany(keys: readonly Uint8Array[]): Promise<void> {
    return this.#call(
      keys.map((key) => this.#part(nameOf(key), undefined)),
      () => undefined,
    );
  }

  clear(): Promise<void> {
    const { held, log } = this.#store;
    const part = () => {
      log.push(`${this.name} clears`);
      held.clear();
      this.#tell({ type: 'cleared' });
    };
    return this.#call([part], () => undefined);
  }

  async close(): Promise<void> {}
}
