/**
 * A thread that measures one cache, on a heap of its own. Each request is answered by one figure.
 */
import { numbersFrom } from '../../test/support/numbers.ts';
import { type Meet, nsOf, serve } from '../crew.ts';
import { Spans, waitedMs } from './spans.ts';
import type { Subject, SubjectSetup } from './subject.ts';
import { subjects } from './subjects.ts';
import { idsIn, keyOf, missingKeyOf, type Order, POOL, valuePool } from './values.ts';

export interface Setup extends SubjectSetup {
  bytes: 'json' | [least: number, most: number];
  /** Ids in an order: a power of two, more than a round asks for. */
  orderLength: number;
}

export type Loop = 'read' | 'get' | 'scan' | 'has' | 'miss' | 'set' | 'set-new' | 'mixed';

export type Request =
  /** Sets the keys of ids from … to − 1. Answers how many values there are. */
  | { kind: 'fill'; from: number; to: number }
  /** ns an operation. */
  | { kind: 'loop'; loop: Loop; order: Order; ms: number }
  /** ns a set of a key that is not there, in an empty cache. */
  | { kind: 'set-new'; count: number }
  /** Bytes that an entry takes beyond its key and value. */
  | { kind: 'overhead' }
  /** Churns and counts how long each operation took. Answers how many there were. */
  | { kind: 'churn'; ms: number }
  /**
   * ms, of the churn before: what fewer than `rank` of its operations took longer than; `running`:
   * without the time in which others had the CPU.
   */
  | { kind: 'longest'; rank: number; of: 'all' | 'running' }
  /** ns in which the threads meet, at best. */
  | { kind: 'meet' }
  /** ms of emptying it, full of what it was filled with. */
  | { kind: 'clear' }
  | { kind: 'close' };

/** Operations in one call; a look at the clock is as long as a few of them. */
const PASS = 500;
/** Of a round, before it: others have had the processor's caches, and V8 has shrunk its heap. */
const WARM_SHARE = 0.2;
/** What takes longer may have been kept from its CPU. ms */
const LONG_MS = 0.1;
/** Between two looks at how long that was: what shorter operations waited is not the next one's. */
const LOOK_MS = 10;
/** Longest value of any suite. */
const TARGET_BYTES = 65536;

class Member {
  readonly #subject: Subject;
  readonly #name: string;
  readonly #pool: Buffer[];
  readonly #orders = new Map<Order, Uint32Array>();
  readonly #entries: number;
  readonly #orderLength: number;
  readonly #target = Buffer.alloc(TARGET_BYTES);
  #at: number;
  #newId: number;
  #keyAndValueBytes = 0;
  #spans = { all: new Spans(), running: new Spans() };

  constructor(setup: Setup, index: number) {
    this.#name = setup.subject;
    this.#subject = subjects[setup.subject]!(setup);
    this.#pool = valuePool(setup.bytes);
    this.#entries = setup.entries;
    // Threads begin half a round apart, and their new keys are their own.
    this.#orderLength = setup.orderLength;
    this.#at = index * (setup.orderLength >> 1);
    this.#newId = 1e8 * (1 + index);
  }

  answer(request: Request, meet: Meet): number {
    switch (request.kind) {
      case 'fill':
        return this.#fill(request.from, request.to);
      case 'loop':
        return this.#loop(request.loop, request.order, request.ms);
      case 'set-new':
        return this.#setNew(request.count, meet);
      case 'overhead':
        return (this.#subject.usedBytes() - this.#keyAndValueBytes) / this.#subject.size();
      case 'churn':
        return this.#churn(request.ms);
      case 'longest':
        return this.#spans[request.of].longest(request.rank);
      case 'meet':
        return this.#meetings(meet);
      case 'clear': {
        this.#fill(0, this.#entries);
        const start = performance.now();
        this.#subject.clear();
        return performance.now() - start;
      }
      case 'close':
        this.#subject.close();
        return 0;
    }
  }

  #fill(from: number, to: number): number {
    for (let id = from; id < to; id++) {
      const key = keyOf(id);
      const value = this.#pool[id % POOL]!;
      this.#keyAndValueBytes += key.length + value.length;
      this.#subject.set(key, value);
    }
    return this.#subject.size();
  }

  /** What one operation of a loop is. */
  #step(loop: Loop): (id: number) => void {
    const subject = this.#subject;
    const pool = this.#pool;
    const target = this.#target;
    const found = (isFound: boolean, id: number) => {
      if (!isFound) throw new Error(`${this.#name} lost ${keyOf(id)}`);
    };
    const read = (id: number) => found(subject.read(keyOf(id), target) >= 0, id);
    const set = (id: number) => subject.set(keyOf(id), pool[id % POOL]!);
    let turn = 0;
    const steps: Record<Loop, (id: number) => void> = {
      read,
      set,
      get: (id) => found(subject.get(keyOf(id)) !== undefined, id),
      scan: (id) => found((subject.get(keyOf(id)) as string).indexOf('\0') < 0, id),
      has: (id) => found(subject.has(keyOf(id)), id),
      miss: (id) => found(!subject.has(missingKeyOf(id)), id),
      'set-new': (id) => subject.set(keyOf(this.#newId++), pool[id % POOL]!),
      mixed: (id) => (++turn % 6 === 0 ? set(id) : read(id)),
    };
    return steps[loop];
  }

  #ids(order: Order): Uint32Array {
    const ids = this.#orders.get(order) ?? idsIn(order, this.#entries, this.#orderLength);
    this.#orders.set(order, ids);
    return ids;
  }

  #loop(loop: Loop, order: Order, ms: number): number {
    const step = this.#step(loop);
    const ids = this.#ids(order);
    const mask = ids.length - 1;
    const pass = () => {
      for (let i = 0; i < PASS; i++) step(ids[this.#at++ & mask]!);
    };
    nsOf(PASS, ms * WARM_SHARE, pass);
    return nsOf(PASS, ms, pass);
  }

  #setNew(count: number, meet: Meet): number {
    this.#subject.clear();
    // Of one cache for all: nobody's clear takes out what another has set.
    meet();
    const start = performance.now();
    for (let i = 0; i < count; i++) {
      this.#subject.set(keyOf(this.#newId++), this.#pool[i % POOL]!);
    }
    return ((performance.now() - start) * 1e6) / count;
  }

  /** The best of several passes: one in which a thread was interrupted says nothing. */
  #meetings(meet: Meet): number {
    const pass = () => {
      for (let i = 0; i < PASS; i++) meet();
    };
    return Math.min(...Array.from({ length: 20 }, () => nsOf(PASS, 0, pass)));
  }

  #churn(ms: number): number {
    const step = this.#step('mixed');
    const random = numbersFrom(3);
    const [all, running] = [new Spans(), new Spans()];
    let waited = waitedMs();
    let before = performance.now();
    let look = before + LOOK_MS;
    for (const end = before + ms; before < end; ) {
      step(random(this.#entries));
      const after = performance.now();
      const span = after - before;
      before = after;
      all.add(span);
      if (span > LONG_MS || after > look) {
        const more = waitedMs() - waited;
        waited += more;
        running.add(span > LONG_MS ? Math.max(0, span - more) : span);
        before = performance.now();
        look = before + LOOK_MS;
      } else {
        running.add(span);
      }
    }
    this.#spans = { all, running };
    return all.count;
  }
}

serve<Setup, Request>((setup, index) => {
  const member = new Member(setup, index);
  return (request, meet) => {
    meet();
    return member.answer(request, meet);
  };
});
