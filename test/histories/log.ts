/**
 * A worker's log in shared memory: what it did, when it began and when it was over. The log of a
 * killed worker is there still, and its last operation has a begin and no end.
 *
 * The clock is a number that every begin and every end raises, so the moments of all threads are
 * in one order, and an operation is within them whatever the processor does.
 */
import { isSweep, KINDS, type Kind, type Operation } from './key-model.ts';

const RECORD_BYTES = 64;
const WORDS = RECORD_BYTES / 4;
const DOUBLES = RECORD_BYTES / 8;
/** Words of a record: begin, end, kind, call, keys (a bit each), and the times at begin and end. */
const [BEGIN, END, KIND, CALL, KEYS_LOW, SINCE, UNTIL] = [0, 1, 2, 3, 4, 5, 6];
/** Doubles of a record, behind the words. */
const [VALUE, OLD, RESULT] = [4, 5, 6];

export const KEYS = 24;
const LOG_RECORDS = 1 << 14;

/** Words that all share: the clock, whether to stop, and the time that values expire by. */
export type Clock = Int32Array<SharedArrayBuffer>;
export const NOW = 0;
export const STOP = 1;
export const TIME = 2;
const CLOCK_WORDS = 3;

export function createClock(): Clock {
  return new Int32Array(new SharedArrayBuffer(4 * CLOCK_WORDS));
}

/** What `now` of the cache says. */
export function timeOf(clock: Clock): number {
  return Atomics.load(clock, TIME);
}

export function tick(clock: Clock): number {
  return Atomics.add(clock, NOW, 1) + 1;
}

/** Ways to call, as they are told of a failure. */
export const CALLS = [
  'get',
  'peek',
  'read',
  'getInto',
  'getMany',
  'getWithVersion',
  'has',
  'info',
  'getRemainingTTL',
  'keys',
  'touch',
  'set',
  'setMany',
  'add',
  'replace',
  'update',
  'setIfVersion',
  'increment',
  'delete',
  'deleteMany',
  'clear',
  'deleteTag',
  'getOrSet',
  'getOrSetSync',
] as const;
export type Call = (typeof CALLS)[number];

/** What is known of an operation before it is called. */
export interface Planned {
  readonly kind: Kind;
  readonly call: Call;
  readonly keys: readonly number[];
  readonly value?: number;
  readonly old?: number;
}

export class Log {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  readonly #clock: Clock;
  #next = 0;

  constructor(clock: Clock, buffer = new SharedArrayBuffer(LOG_RECORDS * RECORD_BYTES)) {
    this.buffer = buffer;
    this.#clock = clock;
    this.#words = new Int32Array(buffer);
    this.#doubles = new Float64Array(buffer);
  }

  /** Whether its thread is at work. */
  hasBegun(): boolean {
    return Atomics.load(this.#words, BEGIN) !== 0;
  }

  hasRoomFor(records: number): boolean {
    return this.#next + records <= LOG_RECORDS;
  }

  /** @returns the record, which is begun when everything else of it stands */
  begin({ kind, call, keys, value = 0, old = 0 }: Planned): number {
    const record = this.#next++;
    const at = record * WORDS;
    this.#words[at + KIND] = KINDS.indexOf(kind);
    this.#words[at + CALL] = CALLS.indexOf(call);
    this.#words[at + KEYS_LOW] = keys.reduce((bits, key) => bits | (1 << key), 0);
    this.expect(record, value, old);
    this.#words[at + SINCE] = timeOf(this.#clock);
    Atomics.store(this.#words, at + BEGIN, tick(this.#clock));
    return record;
  }

  /** Says which value is to take the place of which, if that turns out later. */
  expect(record: number, value: number, old: number): void {
    this.#doubles[record * DOUBLES + VALUE] = value;
    this.#doubles[record * DOUBLES + OLD] = old;
  }

  /** @param result  what the operation answered */
  end(record: number, result: number): void {
    this.#doubles[record * DOUBLES + RESULT] = result;
    this.#words[record * WORDS + UNTIL] = timeOf(this.#clock);
    Atomics.store(this.#words, record * WORDS + END, tick(this.#clock));
  }

  /**
   * The operations, one for each key of a record. Those that did not come to their end were over,
   * or never to be, at `deadAt`.
   */
  operations(writer: number, deadAt: number): Operation[] {
    const found: Operation[] = [];
    for (let record = 0; record < LOG_RECORDS; record++) {
      const at = record * WORDS;
      const begin = Atomics.load(this.#words, at + BEGIN);
      if (begin === 0) break;
      const end = Atomics.load(this.#words, at + END);
      const [value = 0, old = 0, result = 0] = this.#doubles.subarray(record * DOUBLES + VALUE);
      const kind = KINDS[this.#words[at + KIND]!]!;
      const common = {
        begin,
        end: end || deadAt,
        isPending: end === 0,
        kind,
        isSweep: isSweep(kind),
        call: CALLS[this.#words[at + CALL]!]!,
        writer,
        value,
        old,
        result,
        since: this.#words[at + SINCE]!,
        until: end === 0 ? timeOf(this.#clock) : this.#words[at + UNTIL]!,
      };
      const keys = this.#words[at + KEYS_LOW]!;
      for (let key = 0; key < KEYS; key++) {
        if ((keys & (1 << key)) !== 0) found.push({ ...common, key });
      }
    }
    return found;
  }
}
