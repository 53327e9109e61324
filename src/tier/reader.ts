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
import { framesOf } from './answers.ts';
import type { Calls } from './calls.ts';
import type { Frame } from './frame.ts';
import type { Tier } from './interface.ts';
import { bytesOfName, type KeyName } from './key-name.ts';
import type { LocalWrites } from './local-writes.ts';

/** Captured: fake timers would patch one thread of many. */
const { setImmediate } = globalThis;
/** Keys of one call. */
const BATCH_KEYS = 256;

export interface ReaderHost {
  /** Zone time, in milliseconds. */
  now(): number;
  /** Reads what came; undefined: it is none of ours. Called once for each answer. */
  read(bytes: Uint8Array): Frame | undefined;
}

/** What is asked for a key, and what came back. */
export class Fetch {
  readonly name: KeyName;
  readonly batch: Batch;
  readonly #writes: LocalWrites;
  readonly #count: number;
  /** Undefined: the tier has none, or did not answer. */
  frame: Frame | undefined;
  isOutrun = false;

  constructor(name: KeyName, batch: Batch, writes: LocalWrites) {
    this.name = name;
    this.batch = batch;
    this.#writes = writes;
    this.#count = writes.count(name);
  }

  /** Whether the answer may be kept: to be asked at the moment of keeping it. */
  get isCurrent(): boolean {
    return !this.isOutrun && this.#writes.count(this.name) === this.#count;
  }
}

/** What one call asks for; the promise is everybody's who waits for some of it. */
class Batch {
  readonly fetches: Fetch[] = [];
  readonly answered: Promise<void>;
  /** When it was begun, in zone time. */
  readonly since: number;
  isAnswered = false;
  #resolve!: () => void;

  constructor(since: number) {
    this.since = since;
    this.answered = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  answer(answers: readonly (Uint8Array | undefined)[], host: ReaderHost): void {
    for (const [i, fetch] of this.fetches.entries()) {
      const bytes = answers[i];
      fetch.frame = bytes && host.read(bytes);
    }
    this.isAnswered = true;
    this.#resolve();
  }
}

export class Reader {
  readonly #tier: Tier;
  readonly #calls: Calls;
  readonly #writes: LocalWrites;
  readonly #host: ReaderHost;
  readonly #fetches = new Map<KeyName, Fetch>();
  /** Not sent yet. */
  #batch: Batch | undefined;
  gets = 0;

  constructor(tier: Tier, calls: Calls, writes: LocalWrites, host: ReaderHost) {
    this.#tier = tier;
    this.#calls = calls;
    this.#writes = writes;
    this.#host = host;
  }

  /** Asks for a key, or joins who does: it has its frame when its batch is answered. */
  ask(name: KeyName): Fetch {
    const known = this.#fetches.get(name);
    if (known !== undefined && !known.isOutrun && !known.batch.isAnswered) return known;
    const fetch = new Fetch(name, this.#openBatch(), this.#writes);
    fetch.batch.fetches.push(fetch);
    this.#fetches.set(name, fetch);
    return fetch;
  }

  /** The key has changed: what is under way for it is not kept. */
  outrun(name: KeyName): void {
    const fetch = this.#fetches.get(name);
    if (fetch) fetch.isOutrun = true;
  }

  outrunAll(): void {
    for (const fetch of this.#fetches.values()) fetch.isOutrun = true;
  }

  /** The batch that leaves at the end of this turn, with room for one more. */
  #openBatch(): Batch {
    const open = this.#batch;
    if (open !== undefined && open.fetches.length < BATCH_KEYS) return open;
    const batch = new Batch(this.#host.now());
    this.#batch = batch;
    queueMicrotask(() => void this.#send(batch));
    return batch;
  }

  async #send(batch: Batch): Promise<void> {
    if (this.#batch === batch) this.#batch = undefined;
    const keys = batch.fetches.map(({ name }) => bytesOfName(name));
    this.gets += keys.length;
    const answer = await this.#calls.make(async () =>
      framesOf(await this.#tier.getMany(keys), keys.length),
    );
    batch.answer(answer?.value ?? [], this.#host);
    // Those who wait keep what they got in this turn: until then news must find the fetch.
    setImmediate(() => {
      for (const fetch of batch.fetches) {
        if (this.#fetches.get(fetch.name) === fetch) this.#fetches.delete(fetch.name);
      }
    });
  }
}
