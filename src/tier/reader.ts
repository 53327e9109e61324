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
 *   a write of this process         the count of the key's slot has moved (local-writes.ts), or
 *                                   that of clears
 *
 * *The turn.* Other threads of the process do not ask for the same meanwhile: they wait for the
 * turn that the fetch has (turns.ts), and are told when its value is kept, or will not be.
 */
import { framesOf } from './answers.ts';
import type { Calls } from './calls.ts';
import type { Found, Frame } from './frame.ts';
import type { Tier } from './interface.ts';
import { bytesOfName, type KeyName } from './key-name.ts';
import type { LocalWrites } from './local-writes.ts';
import { isOwn, type Turn, Turns } from './turns.ts';

/** Keys of one call. */
const BATCH_KEYS = 256;
/**
 * Calls under way at a time. More would wait at the server for one another, and so long that those
 * of a list of thousands of keys were late.
 */
const MOST_CALLS = 4;
/** So long, as a part of the time-out, other threads wait for this one's answer. */
const TURN_SHARE = 1 / 4;

export interface ReaderHost {
  /** Zone time, in milliseconds. */
  now(): number;
  /** Reads what came; undefined: it is none of ours. Called once for each answer. */
  read(bytes: Uint8Array): Frame | undefined;
}

/** What a reader's fetches share. */
interface Asker {
  readonly writes: LocalWrites;
  readonly turns: Turns;
  /** As `Reader.isTold`. */
  isTold: boolean;
}

/** What is asked for a key, and what came back. */
export class Fetch implements Found {
  readonly name: KeyName;
  readonly batch: Batch;
  readonly #slot: number;
  readonly #count: number;
  #turn: Turn;
  #isOutrun = false;
  frame: Frame | undefined;
  /** Those who have not taken it yet. */
  takers = 1;

  constructor(name: KeyName, batch: Batch, slot: number, turn: Turn) {
    this.name = name;
    this.batch = batch;
    this.#slot = slot;
    this.#count = batch.asker.writes.count(slot);
    this.#turn = turn;
  }

  get since(): number {
    return this.batch.since;
  }

  get isCurrent(): boolean {
    const { clears, asker } = this.batch;
    const { writes, isTold } = asker;
    const isTokenValid = writes.count(this.#slot) === this.#count && writes.clears === clears;
    return isTold && !this.#isOutrun && isTokenValid;
  }

  get isJoinable(): boolean {
    return !this.#isOutrun && !this.batch.isOver;
  }

  /** Its key has changed: others need not wait for what will not be kept. */
  outrun(): void {
    this.#isOutrun = true;
    this.endTurn();
  }

  /** Tells other threads that what came is kept here, or is not. */
  endTurn(): void {
    if (this.#turn === 0) return;
    const hasNothing = this.batch.isAnswered && this.frame === undefined && this.isCurrent;
    this.batch.asker.turns.end(this.#slot, this.#turn, hasNothing);
    this.#turn = 0;
  }
}

/** What another thread asks for. */
export class Elsewhere {
  readonly name: KeyName;
  /** Whether the tier has nothing. If not, and it is not here: it is to be asked. */
  readonly hasNothing: Promise<boolean>;

  constructor(name: KeyName, hasNothing: Promise<boolean>) {
    this.name = name;
    this.hasNothing = hasNothing;
  }
}

/** What one call asks for; the promise is everybody's who waits for some of it. */
class Batch {
  readonly asker: Asker;
  readonly fetches: Fetch[] = [];
  readonly answered: Promise<void>;
  /** When it was begun, in zone time. */
  readonly since: number;
  /** Of everything, by any thread, until then. */
  readonly clears: number;
  isOver = false;
  /** And the tier has answered. */
  isAnswered = false;
  #resolve!: () => void;

  constructor(asker: Asker, since: number) {
    this.asker = asker;
    this.since = since;
    this.clears = asker.writes.clears;
    this.answered = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  answer(answers: readonly (Uint8Array | undefined)[] | undefined, host: ReaderHost): void {
    this.fetches.forEach((fetch, i) => {
      const bytes = answers?.[i];
      fetch.frame = bytes && host.read(bytes);
    });
    this.isAnswered = answers !== undefined;
    this.isOver = true;
    this.#resolve();
  }
}

export class Reader {
  readonly #tier: Tier;
  readonly #calls: Calls;
  readonly #host: ReaderHost;
  readonly #asker: Asker;
  /** Those that somebody has not taken yet, which news must find; the last one may be joined. */
  readonly #fetches = new Map<KeyName, Fetch[]>();
  readonly #elsewhere = new Map<KeyName, Elsewhere>();
  /** Not sent yet. */
  #batch: Batch | undefined;
  /** To be sent when another one is answered. */
  readonly #later: Batch[] = [];
  #underWay = 0;
  gets = 0;

  constructor(tier: Tier, calls: Calls, writes: LocalWrites, host: ReaderHost) {
    this.#tier = tier;
    this.#calls = calls;
    const turns = new Turns(writes.turns, calls.timeoutMs * TURN_SHARE);
    this.#asker = { writes, turns, isTold: tier.invalidations === undefined };
    this.#host = host;
  }

  /** Whether changes are told, or else never are: meanwhile nothing is kept. */
  set isTold(isTold: boolean) {
    this.#asker.isTold = isTold;
  }

  /**
   * Asks for a key, or joins who does: in this thread it has its frame when its batch is over, and
   * is to be left once.
   *
   * @param now  what `tick` says, if this thread takes turns with others and keeps what comes
   */
  ask(name: KeyName): Fetch;
  ask(name: KeyName, now: number | undefined): Fetch | Elsewhere;
  ask(name: KeyName, now?: number): Fetch | Elsewhere {
    const fetches = this.#fetches.get(name) ?? [];
    const last = fetches.at(-1);
    if (last?.isJoinable) {
      last.takers++;
      return last;
    }
    const { writes, turns } = this.#asker;
    const slot = writes.slotOf(name);
    let turn: Turn = 0;
    if (now !== undefined && this.#asker.isTold) {
      const elsewhere = this.#elsewhere.get(name);
      if (elsewhere) return elsewhere;
      turn = turns.take(slot, writes.hashOf(name), now);
      if (turn !== 0 && !isOwn(turn)) return this.#wait(name, slot, turn);
    }
    const fetch = new Fetch(name, this.#openBatch(), slot, turn);
    fetch.batch.fetches.push(fetch);
    this.#fetches.set(name, [...fetches, fetch]);
    return fetch;
  }

  /** A taker has what it wants: until then news must find the fetch. */
  leave(fetch: Fetch): void {
    fetch.endTurn();
    fetch.takers--;
    if (fetch.takers > 0) return;
    const others = this.#fetches.get(fetch.name)!.filter((other) => other !== fetch);
    if (others.length > 0) this.#fetches.set(fetch.name, others);
    else this.#fetches.delete(fetch.name);
  }

  /** Waits for another thread, once for all who ask here. */
  #wait(name: KeyName, slot: number, turn: Turn): Elsewhere {
    const hasNothing = this.#asker.turns
      .wait(slot, turn)
      .finally(() => this.#elsewhere.delete(name));
    const elsewhere = new Elsewhere(name, hasNothing);
    this.#elsewhere.set(name, elsewhere);
    return elsewhere;
  }

  /** The key has changed: what is under way for it is not kept. */
  outrun(name: KeyName): void {
    for (const fetch of this.#fetches.get(name) ?? []) fetch.outrun();
  }

  outrunAll(): void {
    for (const name of this.#fetches.keys()) this.outrun(name);
  }

  /** Nothing is kept any more, and no other thread waited for. */
  close(): void {
    this.outrunAll();
    this.#asker.turns.close();
  }

  /** The batch that leaves at the end of this turn, with room for one more. */
  #openBatch(): Batch {
    const open = this.#batch;
    if (open !== undefined && open.fetches.length < BATCH_KEYS) return open;
    const batch = new Batch(this.#asker, this.#host.now());
    this.#batch = batch;
    queueMicrotask(() => void this.#send(batch));
    return batch;
  }

  async #send(batch: Batch): Promise<void> {
    if (this.#batch === batch) this.#batch = undefined;
    if (this.#underWay === MOST_CALLS) {
      this.#later.push(batch);
      return;
    }
    this.#underWay++;
    const keys = batch.fetches.map(({ name }) => bytesOfName(name));
    this.gets += keys.length;
    const answer = await this.#calls.read(async () =>
      framesOf(await this.#tier.getMany(keys), keys.length),
    );
    this.#underWay--;
    batch.answer(answer?.value, this.#host);
    const next = this.#later.shift();
    if (next) void this.#send(next);
  }
}
