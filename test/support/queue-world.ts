/**
 * Threads with queues over one tier, in simulated time: what threads do, each of their steps, what
 * the tier does with their calls, timers and time take turns as they are drawn. So a run of a seed
 * is the same each time.
 */
import './simulated-time.ts';
import assert from 'node:assert/strict';
import { Calls } from '../../src/tier/calls.ts';
import { FrameMaker } from '../../src/tier/frame.ts';
import { FrameMemory } from '../../src/tier/frame-memory.ts';
import { hashOf, type KeyName, slotOf } from '../../src/tier/key-name.ts';
import { LocalWrites, type Standing } from '../../src/tier/local-writes.ts';
import { readPolicy } from '../../src/tier/policy.ts';
import { WriteQueue } from '../../src/tier/queue.ts';
import { DrawnStore, DrawnTier } from './drawn-tier.ts';
import type { Seeded } from './seeded.ts';
import { Simulation } from './simulated-time.ts';
import { blockOf, textOf } from './text-frames.ts';

const IMMORTAL = { owner: 7, isLive: () => true };
/** Many times what a run takes: it does not end. */
const MOST_STEPS = 50_000;

export interface Kind {
  readonly name: string;
  /** Threads with a queue. */
  readonly queues: number;
  /** Threads that write nothing to the tier. */
  readonly silent?: number;
  /** Threads that come and go between those with a queue. */
  readonly between?: number;
  readonly maxQueue?: number;
  readonly writeDelayMs?: number;
  readonly timeoutMs?: number;
  /** Whether calls fail, come true late, in part or twice, and are refused. */
  readonly isFaulty?: boolean;
  /** Whether everything is cleared at times. */
  readonly clears?: boolean;
  /** Whether values have a time to live at times. */
  readonly expires?: boolean;
}

/** Planted: a queue that hears of no other thread, or believes the cache to have what it has. */
export type Fault = 'deaf' | 'credulous' | undefined;

class DeafWrites extends LocalWrites {
  override standing(): Standing {
    return 'last';
  }
}

/** Undefined: there is none. */
type Text = string | undefined;

class Thread {
  readonly tier: DrawnTier;
  readonly writes: LocalWrites;
  readonly queue: WriteQueue | undefined;
  readonly maker: FrameMaker;
  /** What is left of what it is doing. */
  readonly todo: (() => void)[] = [];
  /** A text that is in the cache, and of which its queue is about to be told. */
  saying: Text;
  /** How many of 8 chances to be served it misses. */
  readonly slowness: number;

  constructor(world: World, sends: boolean, fault: Fault) {
    const { kind, store, here, random, threads } = world;
    const { maxQueue = 2 ** 24, writeDelayMs, timeoutMs = 500 } = kind;
    const memory = new FrameMemory(maxQueue);
    this.tier = new DrawnTier(store, `${threads.length}`);
    this.slowness = random.int(8);
    this.maker = new FrameMaker('string', memory);
    this.writes = new (fault === 'deaf' ? DeafWrites : LocalWrites)(world.noted, sends, IMMORTAL);
    if (!sends) return;
    const isHere = (name: KeyName, frame: Uint8Array) =>
      fault === 'credulous' || here.get(name) === textOf(frame);
    const behind = writeDelayMs === undefined ? {} : { writes: 'behind' as const, writeDelayMs };
    const policy = readPolicy({ maxQueue, timeoutMs, ...behind });
    const others = { writes: this.writes, isHere };
    this.queue = new WriteQueue(this.tier, policy, new Calls(timeoutMs), memory, others);
  }
}

export class World {
  readonly kind: Kind;
  readonly random: Seeded;
  readonly store: DrawnStore;
  /** What the cache has. */
  readonly here = new Map<KeyName, string>();
  readonly noted: SharedArrayBuffer = LocalWrites.create();
  readonly threads: Thread[] = [];
  /** What was written last, and what by a thread with a queue. */
  readonly #last = new Map<KeyName, { text: Text; sent: Text }>();
  readonly #time: Simulation;
  readonly #keys: readonly KeyName[];
  /** When a text is over, in milliseconds since the simulation began. */
  readonly #ends = new Map<string, number>();
  /** How often a thread begins something, the tier does, and a timer fires. */
  readonly #weights: readonly number[];
  #written = 0;
  #steps = 0;

  constructor(kind: Kind, random: Seeded, fault?: Fault) {
    this.kind = kind;
    this.random = random;
    this.#time = new Simulation(random);
    this.store = new DrawnStore(random);
    this.store.isFull = kind.isFaulty === true;
    // Few, so that they meet, but a small queue is filled with many.
    const most = kind.maxQueue === undefined ? random.int(KEYS.length) : KEYS.length - 1;
    this.#keys = KEYS.slice(0, 1 + random.int(most + 1));
    this.#weights = [
      1 + random.int(random.int(2) === 0 ? 9 : 90),
      1 + random.int(9),
      1 + random.int(9),
    ];
    const { queues, silent = 0, between = 0 } = kind;
    for (let i = 0; i < queues + silent; i++) {
      this.threads.push(new Thread(this, i < queues, fault));
      if (i < queues - 1 && between > 0) beget(this.noted, between);
    }
    this.#time.isBusy = (thread) => this.threads[thread]!.todo.length > 0;
  }

  /** Does so many things, and what follows of them. Throws if the tier has what is older. */
  run(deeds: number): Promise<void> {
    return this.#time.run(async () => {
      for (let left = deeds; left > 0; ) if (await this.#step(true)) left--;
      this.store.isFull = false;
      for (const { tier } of this.threads) tier.isDown = false;
      await this.#settle();
      this.#check();
      await this.#checkLast();
    });
  }

  /** Everything that was begun comes to its end. */
  async #settle(): Promise<void> {
    while (this.threads.some(({ todo }) => todo.length > 0)) await this.#step(false);
    let left = this.threads.length;
    for (const [who, { queue }] of this.threads.entries()) {
      const drain = async () => {
        await queue?.drained();
        left--;
      };
      await this.#time.step(who, () => void drain());
    }
    while (left > 0 || !this.#isServed) await this.#step(false);
    for (const { queue } of this.threads) assert.equal(queue?.entries ?? 0, 0);
  }

  get #isServed(): boolean {
    return this.threads.every(({ tier }) => tier.isIdle);
  }

  #check(): void {
    for (const [key, frame] of this.store.held) {
      const text = textOf(frame);
      const isOver = (this.#ends.get(text) ?? Number.POSITIVE_INFINITY) <= this.#time.now;
      const last = this.#last.get(key);
      if (!isOver && text !== last?.text) assert.equal(text, last?.sent, `${key} in the tier`);
    }
  }

  /** What one thread writes alone arrives. */
  async #checkLast(): Promise<void> {
    const thread = this.threads[0]!;
    for (const key of this.#keys) {
      await this.#time.step(0, () => this.#set(thread, key, 'last', 0));
      await this.#settle();
      assert.equal(textOf(this.store.held.get(key)!), 'last');
    }
  }

  /** @param begins  whether anything new may be begun, and go wrong. @returns whether it was */
  async #step(begins: boolean): Promise<boolean> {
    assert.ok(this.#steps++ < MOST_STEPS, 'it does not end');
    const { int } = this.random;
    const who = int(this.threads.length);
    const thread = this.threads[who]!;
    const next = thread.todo.shift();
    if (next) {
      await this.#time.step(who, next);
      return false;
    }
    const [deed, serve, fire] = this.#weights as [number, number, number];
    const what = int(deed + serve + fire);
    if (begins && what < deed) {
      await this.#time.step(who, () => this.#begin(thread));
      return true;
    }
    if (what < deed + serve) {
      const isServed = !begins || int(8) >= thread.slowness;
      const answer = isServed && thread.tier.serve(begins && this.kind.isFaulty === true);
      if (answer) await this.#time.step(who, answer);
    } else {
      const hasFired = await this.#time.fire();
      if (begins ? int(20) === 0 : !hasFired && this.#isServed) this.#time.pass();
      if (begins && int(40) === 0) this.#time.now += int(100);
    }
    return false;
  }

  #begin(thread: Thread): void {
    const { random, kind } = this;
    const key = this.#keys[random.int(this.#keys.length)]!;
    const what = random.int(100);
    if (what < 5 && kind.clears) this.#clear(thread);
    else if (what < 6) this.here.delete(key);
    else if (what < 8) this.#giveUp(thread, key);
    else if (what < 30) this.#set(thread, key, undefined, 0);
    else {
      const text = what < 40 ? 'same' : `${this.#written++} `.repeat(1 + random.int(20));
      this.#set(thread, key, text, kind.expires && what > 80 ? 1 + random.int(200) : 0);
    }
  }

  #clear({ queue }: Thread): void {
    if (queue === undefined) return;
    this.here.clear();
    for (const [key, { text }] of this.#last) {
      // Whoever is at it still may come after the clear, as well as before.
      if (!this.threads.some(({ saying }) => saying === text)) this.#last.delete(key);
    }
    queue.clear();
  }

  #giveUp({ todo, writes }: Thread, key: KeyName): void {
    writes.note(key);
    todo.push(() => writes.giveUp(key));
  }

  /** In three steps: another thread may do as much between two of them. */
  #set(thread: Thread, key: KeyName, text: Text, ttl: number): void {
    const { todo, writes, queue, maker } = thread;
    writes.note(key);
    todo.push(() => {
      thread.saying = text;
      // Of a thread without a queue the tier is told nothing.
      const before = queue ? text : this.#last.get(key)?.sent;
      this.#last.set(key, { sent: before, text });
      if (text === undefined) this.here.delete(key);
      else this.here.set(key, text);
      if (text !== undefined && ttl > 0) this.#ends.set(text, this.#time.now + ttl);
    });
    todo.push(() => {
      thread.saying = undefined;
      if (queue === undefined) writes.mark(key);
      else if (text === undefined) queue.put(key, undefined);
      else {
        const end = ttl > 0 ? Date.now() + ttl : 0;
        queue.put(key, maker.make([blockOf(text)], text.length, end), end);
      }
    });
  }
}

/** Keys of which the first two share a slot, and the next two. */
const KEYS = [...sameSlot('a'), ...sameSlot('b'), 'c', 'd'];

function sameSlot(first: KeyName): KeyName[] {
  const slot = (name: KeyName) => slotOf(hashOf(name), 4096);
  for (let i = 0; ; i++) if (slot(`${first}${i}`) === slot(first)) return [first, `${first}${i}`];
}

/** Threads come and go. What counts them is found by what one of them does to it. */
function beget(noted: SharedArrayBuffer, threads: number): void {
  const words = new Int32Array(noted);
  const before = words.slice();
  new LocalWrites(noted, true, IMMORTAL);
  const counter = words.findIndex((word, i) => word === before[i]! + 1);
  words[counter]! += threads - 1;
}
