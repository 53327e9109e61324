/** The calls of one key that a worker makes, chosen at random, and how each is written down. */
import type { Caller, View } from './caller.ts';
import { COUNTERS, keyOf, makeValue, numberOf, optionsOf } from './history-values.ts';
import { hasTag, NO_VALUE, NOT_CALLED, REFUSED } from './key-model.ts';
import { Loads } from './load-actions.ts';
import { type Call, KEYS } from './log.ts';
import { Rows } from './row-actions.ts';

/** Writes in a row of one key: more than a thread's ring of replaced entries holds. */
const BURST = 300;
/** Records that one action may need. */
const MOST_RECORDS = Math.max(BURST, KEYS);
const decoder = new TextDecoder();
const target = new Uint8Array(256 * 1024);

/** Every way to read a value. */
const reads: readonly [Call, (view: View, key: string) => unknown][] = [
  ['get', (view, key) => view.get(key)],
  ['peek', (view, key) => view.peek(key)],
  ['read', (view, key) => view.read(key, (bytes) => JSON.parse(decoder.decode(bytes)))],
  ['getInto', (view, key) => parsed(view.getInto(key, target))],
  ['getWithVersion', (view, key) => view.getWithVersion(key)?.value],
];

/** Every way to ask whether there is one. */
const looks: readonly [Call, (view: View, key: string) => boolean][] = [
  ['has', (view, key) => view.has(key)],
  ['info', (view, key) => view.info(key) !== undefined],
  ['getRemainingTTL', (view, key) => view.getRemainingTTL(key) !== 0],
];

function parsed(length: number | undefined): unknown {
  return length === undefined ? undefined : JSON.parse(decoder.decode(target.subarray(0, length)));
}

export class Actions {
  readonly #by: Caller;
  readonly #rows: Rows;
  readonly #loads: Loads;

  constructor(caller: Caller) {
    this.#by = caller;
    this.#rows = new Rows(caller);
    this.#loads = new Loads(caller);
  }

  hasRoom(): boolean {
    return this.#by.log.hasRoomFor(MOST_RECORDS);
  }

  /** Whether a call is under way that another turn will end. */
  isLoading(): boolean {
    return this.#loads.open > 0;
  }

  one(): void {
    const key = this.#by.someKey();
    if (this.#by.is.keys.length === 1 && this.#by.run.int(20) === 0) this.#burst(key);
    else if (this.#by.is.isCounting && this.#by.run.int(10) !== 0) this.#count(key);
    else this.#any(key, this.#by.run.int(1000));
  }

  /** Of numbers: small ones, of which many are alike. */
  #count(from: number): void {
    const key = from % COUNTERS;
    const what = this.#by.run.int(1000);
    if (what < 500) this.#read(key);
    else if (what < 900) this.#increment(key);
    else if (what < 950) this.#touch(key);
    else if (what < 998) this.#delete(key);
    else this.#rows.clear();
  }

  /** Where all threads do so, one of them stands within a read before long, and rings are full. */
  #burst(key: number): void {
    for (let i = 0; i < BURST; i++) {
      if (key < COUNTERS) this.#increment(key);
      else this.#set(key);
    }
  }

  #any(key: number, what: number): void {
    if (what < 360) this.#read(key);
    else if (what < 420) this.#look(key);
    else if (what < 570) this.#set(key);
    else if (what < 610) this.#setIf('add', key);
    else if (what < 650) this.#setIf('replace', key);
    else if (what < 710) this.#update(key);
    else if (what < 760) this.#setIfVersion(key);
    else if (what < 850) this.#increment(this.#by.someKey());
    else if (what < 910) this.#delete(key);
    else if (what < 930) this.#touch(key);
    else if (what < 980) this.#loads.one(key);
    else this.#rows.one(key);
  }

  #read(key: number): void {
    const [call, read] = reads[this.#by.run.int(reads.length)]!;
    const act = () => numberOf(key, read(this.#by.viewOf(key), keyOf(key)));
    this.#by.record({ kind: 'get', call, keys: [key] }, act);
  }

  #look(key: number): void {
    const [call, look] = looks[this.#by.run.int(looks.length)]!;
    const act = () => Number(look(this.#by.viewOf(key), keyOf(key)));
    this.#by.record({ kind: 'has', call, keys: [key] }, act);
  }

  #set(key: number): void {
    const value = this.#by.newNumber(key);
    const made = makeValue(key, value);
    this.#by.record({ kind: 'set', call: 'set', keys: [key], value }, () =>
      this.#by.viewOf(key).set(keyOf(key), made, optionsOf(key, value)) ? 1 : REFUSED,
    );
  }

  #setIf(kind: 'add' | 'replace', key: number): void {
    const value = this.#by.newNumber(key);
    const made = makeValue(key, value);
    this.#by.record({ kind, call: kind, keys: [key], value }, () =>
      Number(this.#by.viewOf(key)[kind](keyOf(key), made, optionsOf(key, value))),
    );
  }

  /** The new value has a tag if the old one has: they stay. */
  #update(key: number): void {
    const { log, run } = this.#by;
    const planned = { kind: 'update', call: 'update', keys: [key], old: NOT_CALLED } as const;
    const isDeleting = run.int(4) === 0;
    const record = log.begin(planned);
    let value = NO_VALUE;
    const change = (seen: unknown): unknown => {
      const old = numberOf(key, seen);
      const isGone = isDeleting && old !== NO_VALUE;
      value = isGone ? NO_VALUE : this.#by.nextNumber(key >= COUNTERS && hasTag(old));
      log.expect(record, value, old);
      return isGone ? undefined : makeValue(key, value);
    };
    const updated = this.#by.viewOf(key).update(keyOf(key), change);
    const isRefused = updated === undefined && value !== NO_VALUE;
    log.end(record, isRefused ? REFUSED : numberOf(key, updated));
  }

  #setIfVersion(key: number): void {
    const view = this.#by.viewOf(key);
    let seen: ReturnType<View['getWithVersion']>;
    this.#by.record({ kind: 'get', call: 'getWithVersion', keys: [key] }, () => {
      seen = view.getWithVersion(keyOf(key));
      return numberOf(key, seen?.value);
    });
    if (seen === undefined) return;
    const { value: found, version } = seen;
    const value = this.#by.newNumber(key);
    const made = makeValue(key, value);
    const old = numberOf(key, found);
    const call = 'setIfVersion';
    this.#by.record({ kind: call, call, keys: [key], value, old }, () =>
      Number(view.setIfVersion(keyOf(key), made, version, optionsOf(key, value))),
    );
  }

  #increment(from: number): void {
    const key = from % COUNTERS;
    if (!this.#by.is.keys.includes(key)) return;
    const value = 1 + this.#by.run.int(3);
    this.#by.record(
      { kind: 'increment', call: 'increment', keys: [key], value },
      () => this.#by.viewOf(key).increment(keyOf(key), value) ?? REFUSED,
    );
  }

  #delete(key: number): void {
    const act = () => Number(this.#by.viewOf(key).delete(keyOf(key)));
    this.#by.record({ kind: 'delete', call: 'delete', keys: [key] }, act);
  }

  #touch(key: number): void {
    const act = () => Number(this.#by.viewOf(key).touch(keyOf(key)));
    this.#by.record({ kind: 'touch', call: 'touch', keys: [key] }, act);
  }
}
