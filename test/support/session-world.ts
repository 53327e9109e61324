/**
 * Processes of several threads over one tier, in simulated time (queue-world.ts is the same without
 * reading): each thread has a session, and those of a process have a cache, which is a Map here.
 */
import './simulated-time.ts';
import assert from 'node:assert/strict';
import type { Found, Frame } from '../../src/tier/frame.ts';
import type { KeyName } from '../../src/tier/key-name.ts';
import { LocalWrites } from '../../src/tier/local-writes.ts';
import { readPolicy } from '../../src/tier/policy.ts';
import { type LocalEntries, type LocalEntry, TierSession } from '../../src/tier/session.ts';
import { DrawnStore, DrawnTier } from './drawn-tier.ts';
import type { Seeded } from './seeded.ts';
import { Simulation } from './simulated-time.ts';

const HEAD_BYTES = 32;
const BLOCK_HEAD_BYTES = 8;
const IMMORTAL = { owner: 7, isLive: () => true };
const MOST_STEPS = 100_000;
/** Longer than any run. */
const FOR_EVER_MS = 2 ** 31 - 1;
/** After which every suspect has been looked at. */
const LOOKED_MS = 5000;

export interface Kind {
  readonly name: string;
  /** Threads of each process. */
  readonly threads: readonly number[];
  readonly writeDelayMs?: number;
  readonly clears?: boolean;
  readonly isFaulty?: boolean;
  /** Whether connections are lost in the first half. */
  readonly losesWires?: boolean;
  /** Planted: whether some of what the tier tells gets lost. */
  readonly losesNews?: boolean;
}

/** A cache: what all threads of a process have. */
class Process {
  readonly here = new Map<KeyName, Buffer>();
  /** When what is here was set, or asked for. */
  readonly since = new Map<KeyName, number>();
  readonly noted: SharedArrayBuffer = LocalWrites.create();
}

class Thread implements LocalEntries {
  readonly tier: DrawnTier;
  readonly process: Process;
  readonly slowness: number;
  readonly #world: World;
  readonly #writes: LocalWrites;
  readonly session: TierSession;
  readonly todo: (() => void)[] = [];

  constructor(world: World, process: Process, name: string) {
    const { writeDelayMs } = world.kind;
    this.#world = world;
    this.process = process;
    this.slowness = world.random.int(8);
    this.tier = new DrawnTier(world.store, name);
    this.#writes = new LocalWrites(process.noted, true, IMMORTAL);
    const behind = writeDelayMs === undefined ? {} : { writes: 'behind' as const, writeDelayMs };
    const policy = readPolicy({ maxStaleMs: FOR_EVER_MS, timeoutMs: 200, ...behind });
    this.session = new TierSession({
      tier: this.tier,
      policy,
      writes: this.#writes,
      kind: 'string',
      local: this,
    });
  }

  now(): number {
    return this.#world.time.now;
  }

  has(name: KeyName): boolean {
    return this.process.here.has(name);
  }

  read(name: KeyName): LocalEntry | undefined {
    const block = this.process.here.get(name);
    const valueBytes = block && block.length - BLOCK_HEAD_BYTES;
    return block && { blocks: [block], valueBytes: valueBytes!, hasTags: false };
  }

  keep(name: KeyName, frame: Frame, since: number): boolean {
    if (!this.has(name)) this.#put(name, Buffer.from(frame.blocks[0]!.stored), since);
    return true;
  }

  #put(name: KeyName, block: Buffer, since: number): void {
    this.process.here.set(name, block);
    this.process.since.set(name, since);
  }

  remove(name: KeyName): void {
    this.process.here.delete(name);
  }

  clear(): void {
    this.process.here.clear();
  }

  /** In three steps: another thread may do as much between two of them. */
  set(name: KeyName, text: string): void {
    const block = blockOf(text);
    this.#writes.note(name);
    this.todo.push(() => this.#put(name, block, this.now()));
    this.todo.push(() => this.session.wrote(name, [block], text.length, 0));
  }

  delete(name: KeyName): void {
    this.#writes.note(name);
    this.todo.push(() => this.remove(name));
    this.todo.push(() => this.session.removed(name));
  }

  clearAll(): void {
    this.session.cleared();
    this.todo.push(() => this.clear());
  }

  get(name: KeyName): void {
    if (this.has(name)) return;
    const take = (_: number, { frame, isCurrent, since }: Found) => {
      if (frame && isCurrent) this.keep(name, frame, since);
    };
    void this.session.fetchMany([name], take);
  }
}

export class World {
  readonly kind: Kind;
  readonly random: Seeded;
  readonly store: DrawnStore;
  readonly time: Simulation;
  readonly #processes: Process[] = [];
  readonly #threads: Thread[] = [];
  readonly #keys: readonly KeyName[];
  readonly #weights: readonly number[];
  #written = 0;
  /** Since when no connection has been lost. */
  #mended = 0;
  #steps = 0;

  constructor(kind: Kind, random: Seeded) {
    this.kind = kind;
    this.random = random;
    this.time = new Simulation(random);
    this.store = new DrawnStore(random);
    this.store.losesWires = kind.losesWires === true;
    this.store.losesNews = kind.losesNews === true;
    this.#keys = ['a', 'b', 'c'].slice(0, 1 + random.int(3));
    this.#weights = [1 + random.int(9), 1 + random.int(9), 1 + random.int(9)];
    this.time.isBusy = (thread) => this.#threads[thread]!.todo.length > 0;
  }

  /** Does so many things, and what follows of them. Throws if a process has what is older. */
  run(deeds: number): Promise<void> {
    return this.time.run(async () => {
      for (const [i, count] of this.kind.threads.entries()) {
        const process = new Process();
        this.#processes.push(process);
        for (let j = 0; j < count; j++) this.#open(process, `${i}.${j}`);
      }
      const most = this.store.losesWires ? 2 * deeds : deeds;
      for (let left = most; left > deeds; ) if (await this.#step(true)) left--;
      await this.#mend();
      for (let left = deeds; left > 0; ) if (await this.#step(true)) left--;
      await this.#settle();
      for (const key of this.#keys) this.#check(key);
    });
  }

  /** All connections are there again; of what is older nobody is told. */
  async #mend(): Promise<void> {
    for (const [who, { tier }] of this.#threads.entries()) {
      tier.setDown(false);
      while (!tier.isIdle) {
        const answer = tier.serve(false);
        if (answer) await this.time.step(who, answer);
      }
    }
    this.store.losesWires = false;
    this.time.now += 1;
    this.#mended = this.time.now;
  }

  #open(process: Process, name: string): void {
    this.time.thread = this.#threads.length;
    this.#threads.push(new Thread(this, process, name));
  }

  /** Everything that was begun comes to its end, and what is told is heeded. */
  async #settle(): Promise<void> {
    while (this.#threads.some(({ todo }) => todo.length > 0)) await this.#step(false);
    let left = this.#threads.length;
    for (const [who, { session }] of this.#threads.entries()) {
      const flush = async () => {
        await session.flush((answer) => answer);
        left--;
      };
      await this.time.step(who, () => void flush());
    }
    while (left > 0 || !this.#isServed) await this.#step(false);
    let isOver = false;
    this.time.add(() => {
      isOver = true;
    }, LOOKED_MS);
    while (!isOver || !this.#isServed) await this.#step(false);
  }

  get #isServed(): boolean {
    return this.#threads.every(({ tier }) => tier.isIdle);
  }

  /** What processes have is what the tier has; what it has not, one may have set last. */
  #check(key: KeyName): void {
    const frame = this.store.held.get(key);
    const held = frame && textOf(frame.subarray(HEAD_BYTES));
    const here = this.#processes
      .filter((process) => (process.since.get(key) ?? 0) >= this.#mended)
      .flatMap((process) => process.here.get(key) ?? [])
      .map(textOf);
    if (held === undefined) assert.ok(here.length < 2, `${key} is nowhere but in ${here}`);
    else for (const text of here) assert.equal(text, held, key);
  }

  /** @param begins  whether anything new may be begun, and go wrong. @returns whether it was */
  async #step(begins: boolean): Promise<boolean> {
    assert.ok(this.#steps++ < MOST_STEPS, 'it does not end');
    const { int } = this.random;
    const who = int(this.#threads.length);
    const thread = this.#threads[who]!;
    const next = thread.todo.shift();
    if (next) {
      await this.time.step(who, next);
      return false;
    }
    const [deed, serve, fire] = this.#weights as [number, number, number];
    const what = int(deed + serve + fire);
    if (begins && what < deed) {
      await this.time.step(who, () => this.#begin(thread));
      return true;
    }
    if (what < deed + serve) {
      const isServed = !begins || int(8) >= thread.slowness;
      const answer = isServed && thread.tier.serve(begins && this.kind.isFaulty === true);
      if (answer) await this.time.step(who, answer);
    } else {
      const hasFired = await this.time.fire();
      if (begins ? int(20) === 0 : !hasFired && this.#isServed) this.time.pass();
      if (begins && int(40) === 0) this.time.now += int(100);
    }
    return false;
  }

  #begin(thread: Thread): void {
    const { random, kind } = this;
    const key = this.#keys[random.int(this.#keys.length)]!;
    const what = random.int(100);
    if (what < 4 && kind.clears) thread.clearAll();
    else if (what < 10) thread.remove(key);
    else if (what < 50) thread.get(key);
    else if (what < 65) thread.delete(key);
    else thread.set(key, `${this.#written++}`);
  }
}

function blockOf(text: string): Buffer {
  const block = Buffer.alloc(BLOCK_HEAD_BYTES + text.length);
  block.writeUInt32LE(text.length, 0);
  block.write(text, BLOCK_HEAD_BYTES, 'latin1');
  return block;
}

function textOf(block: Uint8Array): string {
  return Buffer.from(block).toString('latin1', BLOCK_HEAD_BYTES);
}
