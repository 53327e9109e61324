/** The queues of two threads, over one tier that is slow, or away at times. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { blockOf, textOf } from '../../test/support/text-frames.ts';
import { Calls } from './calls.ts';
import { FrameMaker } from './frame.ts';
import { FrameMemory } from './frame-memory.ts';
import type { Tier } from './interface.ts';
import { type KeyName, nameOf } from './key-name.ts';
import { LocalWrites } from './local-writes.ts';
import { readPolicy } from './policy.ts';
import { WriteQueue } from './queue.ts';

const IMMORTAL = { owner: 1, isLive: () => true };

/** What threads share: the cache, the tier, and what they note. */
class Shared {
  readonly here = new Map<KeyName, string>();
  readonly held = new Map<KeyName, string>();
  readonly noted: SharedArrayBuffer = LocalWrites.create();
  isDown = false;
  /** Before a call is done, and before it is answered. */
  stall: () => Promise<void> = async () => {};
}

/** A thread with a queue; without one, it is one that writes nothing to the tier. */
class Thread {
  readonly #shared: Shared;
  readonly #maker: FrameMaker;
  readonly #writes: LocalWrites;
  readonly queue: WriteQueue;
  readonly #sends: boolean;
  readonly calls: Calls;
  /** Whether its own connection is gone. */
  isAway = false;

  constructor(shared: Shared, { sends = true, maxQueue = 2 ** 24, timeoutMs = 20_000 } = {}) {
    this.#shared = shared;
    this.#sends = sends;
    const memory = new FrameMemory();
    this.#maker = new FrameMaker('string', memory);
    this.#writes = new LocalWrites(shared.noted, sends, IMMORTAL);
    const isHere = (name: KeyName, frame: Uint8Array) =>
      shared.here.has(name) && textOf(frame) === shared.here.get(name);
    const others = { writes: this.#writes, isHere };
    const policy = readPolicy({ maxQueue });
    this.calls = new Calls(timeoutMs);
    this.queue = new WriteQueue(tierOf(shared, this), policy, this.calls, memory, others);
  }

  set(key: KeyName, text: string): void {
    this.note(key);
    this.#shared.here.set(key, text);
    this.tell(key, text);
  }

  note(key: KeyName): void {
    this.#writes.note(key);
  }

  giveUp(key: KeyName): void {
    this.#writes.giveUp(key);
  }

  tell(key: KeyName, text: string): void {
    if (this.#sends) this.queue.put(key, this.#maker.make([blockOf(text)], text.length, 0));
    else this.#writes.mark(key);
  }

  delete(key: KeyName): void {
    this.note(key);
    this.#shared.here.delete(key);
    if (this.#sends) this.queue.put(key, undefined);
    else this.#writes.mark(key);
  }

  clear(): void {
    this.#shared.here.clear();
    this.queue.clear();
  }
}

function tierOf(shared: Shared, thread: Thread): Tier {
  const call = async <T>(work: () => T): Promise<T> => {
    if (shared.isDown || thread.isAway) throw new Error('down');
    await shared.stall();
    const done = work();
    await shared.stall();
    return done;
  };
  const { held } = shared;
  return {
    name: 'shared',
    getMany: async (keys) => keys.map(() => undefined),
    setMany: (entries) =>
      call(() => entries.map(({ key, frame }) => !!held.set(nameOf(key), textOf(frame)))),
    deleteMany: (keys) => call(() => keys.forEach((key) => void held.delete(nameOf(key)))),
    clear: () => call(() => held.clear()),
    async close() {},
  };
}

/** Threads that come and go: each has a number, and those of 1,023 later are the same. */
function beget(shared: Shared, threads: number): void {
  for (let i = 0; i < threads; i++) new LocalWrites(shared.noted, true, IMMORTAL);
}

/** The tier has nothing but what is here. @returns of how many keys it has nothing */
function missing({ held, here }: Shared, what: string): number {
  for (const [key, text] of held) assert.equal(text, here.get(key), `${what}: ${key}`);
  return here.size - held.size;
}

async function drain(...threads: Thread[]): Promise<void> {
  // One may put a removal when its batch is over.
  for (let i = 0; i < 2; i++) await Promise.all(threads.map(({ queue }) => queue.drained()));
}

test('what another thread has written, or deleted, since does not leave any more', async () => {
  const shared = new Shared();
  const [one, other] = [new Thread(shared), new Thread(shared)];
  one.set('set', 'old');
  one.set('deleted', 'old');
  one.delete('deleted and set');
  other.set('set', 'new');
  other.delete('deleted');
  other.set('deleted and set', 'new');
  assert.deepEqual([one.queue.has('set'), one.queue.find('deleted')], [false, undefined]);
  await drain(other);
  await drain(one);
  assert.equal(missing(shared, 'after'), 0);
  assert.deepEqual([one.queue.superseded, one.queue.sets, one.queue.deletes], [3, 0, 0]);
});

test('what is superseded by a thread that writes nothing to the tier is removed', async () => {
  const shared = new Shared();
  const [one, silent] = [new Thread(shared), new Thread(shared, { sends: false })];
  shared.held.set('key', 'oldest');
  one.set('key', 'old');
  silent.set('key', 'new');
  await drain(one);
  assert.deepEqual([...shared.held], []);
});

test('what was waiting when another thread cleared everything does not come back', async () => {
  const shared = new Shared();
  const [one, other] = [new Thread(shared), new Thread(shared)];
  one.set('key', 'old');
  other.clear();
  await drain(other);
  await drain(one);
  assert.deepEqual([shared.held.size, one.queue.superseded], [0, 1]);
});

/** What a thread does to set a value; another may do as much between two of them. */
const STEPS = ['note', 'set', 'tell'] as const;

/** All orders of the steps of two threads. */
function* ordersOf(left: [number, number]): Generator<number[]> {
  if (left[0] + left[1] === 0) yield [];
  for (const who of [0, 1] as const) {
    if (left[who] === 0) continue;
    const rest: [number, number] = [...left];
    rest[who]--;
    for (const order of ordersOf(rest)) yield [who, ...order];
  }
}

test('two threads set a key at once, in each order of their steps, and send in each', async () => {
  let missed = 0;
  let orders = 0;
  for (const order of ordersOf([3, 3])) {
    for (const first of [0, 1]) {
      const shared = new Shared();
      const threads = [new Thread(shared), new Thread(shared)];
      const next = [0, 0];
      for (const who of order) {
        const thread = threads[who]!;
        const step = STEPS[next[who]!]!;
        next[who]!++;
        if (step === 'set') shared.here.set('key', `of ${who}`);
        else if (step === 'note') thread.note('key');
        else thread.tell('key', `of ${who}`);
      }
      for (const who of [first, 1 - first]) await drain(threads[who]!);
      missed += missing(shared, `${order}`);
      orders++;
    }
  }
  assert.equal(orders, 40);
  assert.ok(missed < 40, 'not each time');
});

test('a write that came to nothing leaves those after it as they are', async () => {
  const shared = new Shared();
  const [one, other] = [new Thread(shared), new Thread(shared)];
  other.note('key');
  other.giveUp('key');
  one.set('key', 'value');
  // It is not here any more when it leaves.
  shared.here.delete('key');
  await drain(one);
  assert.equal(shared.held.get('key'), 'value');
});

test('a queue that ends takes nothing with it but its own', async () => {
  const shared = new Shared();
  const [one, other] = [new Thread(shared), new Thread(shared)];
  one.set('one', 'value');
  other.set('other', 'value');
  other.queue.stop();
  await drain(one);
  assert.deepEqual([...shared.held.keys()], ['one']);
});

test('a write that timed out and came true after a newer one is removed', async () => {
  const shared = new Shared();
  const [one, other] = [new Thread(shared, { timeoutMs: 5 }), new Thread(shared)];
  let arrive!: () => void;
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  shared.stall = () => arrived;
  one.set('key', 'old');
  while (one.calls.timeouts === 0) await sleep(1);
  shared.stall = async () => {};
  one.isAway = true;
  other.set('key', 'new');
  await drain(other);
  await sleep(20);
  arrive();
  while (shared.held.get('key') !== 'old') await sleep(1);
  one.isAway = false;
  await drain(one);
  assert.deepEqual([shared.held.size, one.queue.sets], [0, 0]);
});

test('keys that share a slot by chance: most of what is written arrives', async () => {
  const shared = new Shared();
  const [one, other] = [new Thread(shared), new Thread(shared)];
  for (let i = 0; i < 5000; i++) one.set(`one:${i}`, `${i}`);
  for (let i = 0; i < 5000; i++) other.set(`other:${i}`, `${i}`);
  await drain(one, other);
  assert.equal(missing(shared, 'after'), 0);
});

test('a thread whose number another one has as well does not write over what is newer', async () => {
  const shared = new Shared();
  const one = new Thread(shared);
  beget(shared, 1022);
  const twin = new Thread(shared);
  one.isAway = true;
  for (const key of ['set', 'deleted']) one.set(key, 'old');
  twin.set('set', 'new');
  twin.delete('deleted');
  await drain(twin);
  one.isAway = false;
  await drain(one);
  missing(shared, 'after');
  one.set('alone', 'value');
  await drain(one);
  assert.equal(shared.held.get('alone'), 'value');
});
