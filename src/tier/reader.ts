/**
 * Asking the tier: who asks for the same key while an answer is awaited gets that one, and what is
 * asked for in one turn of the event loop is asked in one call.
 *
 * *The token.* Between the question and its answer the key may change, and the news may come first:
 * fetch → change is told → the old value arrives. Stored now, it would stay for ever, for the tier
 * has told already. So a fetch remembers that its key was changed meanwhile, by anybody, and its
 * value is handed out but not kept. It is outrun by
 *
 *   changed, cleared, lost, armed   what the tier told since the question was asked
 *   a write of this process         the count of the key's slot has moved (local-writes.ts)
 */
import type { Calls } from './calls.ts';
import type { Tier } from './interface.ts';
import { bytesOfName, type KeyName } from './key-name.ts';
import type { LocalWrites } from './local-writes.ts';

/** Keys of one call. */
const BATCH_KEYS = 256;

/** What came back for a key. */
export interface Fetched {
  /** Undefined: the tier has none, or did not answer. */
  readonly frame: Uint8Array | undefined;
  /** Whether it may be kept: asked at the moment of keeping it. */
  isCurrent(): boolean;
}

class Fetch {
  readonly name: KeyName;
  readonly #writes: LocalWrites;
  readonly #count: number;
  isOutrun = false;
  readonly done: Promise<Fetched>;
  #resolve!: (fetched: Fetched) => void;

  constructor(name: KeyName, writes: LocalWrites) {
    this.name = name;
    this.#writes = writes;
    this.#count = writes.count(name);
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  answer(frame: Uint8Array | undefined): void {
    const isCurrent = () => !this.isOutrun && this.#writes.count(this.name) === this.#count;
    this.#resolve({ frame, isCurrent });
  }
}

export class Reader {
  readonly #tier: Tier;
  readonly #calls: Calls;
  readonly #writes: LocalWrites;
  readonly #fetches = new Map<KeyName, Fetch>();
  #asked: Fetch[] = [];
  gets = 0;

  constructor(tier: Tier, calls: Calls, writes: LocalWrites) {
    this.#tier = tier;
    this.#calls = calls;
    this.#writes = writes;
  }

  /** Asks for a key, or joins who does. */
  fetch(name: KeyName): Promise<Fetched> {
    const known = this.#fetches.get(name);
    if (known !== undefined && !known.isOutrun) return known.done;
    const fetch = new Fetch(name, this.#writes);
    this.#fetches.set(name, fetch);
    if (this.#asked.push(fetch) === 1) queueMicrotask(() => this.#ask());
    return fetch.done;
  }

  /** The key has changed: what is under way for it is not kept. */
  outrun(name: KeyName): void {
    const fetch = this.#fetches.get(name);
    if (fetch) fetch.isOutrun = true;
  }

  outrunAll(): void {
    for (const fetch of this.#fetches.values()) fetch.isOutrun = true;
  }

  #ask(): void {
    const asked = this.#asked;
    this.#asked = [];
    for (let from = 0; from < asked.length; from += BATCH_KEYS) {
      void this.#askSome(asked.slice(from, from + BATCH_KEYS));
    }
  }

  async #askSome(fetches: Fetch[]): Promise<void> {
    const keys = fetches.map(({ name }) => bytesOfName(name));
    this.gets += keys.length;
    const answer = await this.#calls.make(() => this.#tier.getMany(keys));
    for (const [i, fetch] of fetches.entries()) {
      fetch.answer(answer?.value[i]);
    }
    // Those who wait have kept what they got when this runs; until then news must find the fetch.
    await undefined;
    for (const fetch of fetches) {
      if (this.#fetches.get(fetch.name) === fetch) this.#fetches.delete(fetch.name);
    }
  }
}
