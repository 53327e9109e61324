/** The queue of writes against a tier that fails at times, and keeps what it is given. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { seeded } from '../../test/support/seeded.ts';
import { Calls } from './calls.ts';
import { FrameMaker } from './frame.ts';
import { bytesOf, FrameMemory } from './frame-memory.ts';
import type { Tier, TierEntry, TierPolicy } from './interface.ts';
import { nameOf } from './key-name.ts';
import { LocalWrites } from './local-writes.ts';
import { readPolicy } from './policy.ts';
import { WriteQueue } from './queue.ts';

function blockOf(text: string): Buffer {
  const block = Buffer.alloc(8 + text.length, text);
  block.writeUInt32LE(text.length, 0);
  return block;
}

/** A queue of texts, and what its tier holds: the very bytes that it was given. */
function openQueue(maxQueue: number, isFailing = () => false, own: TierPolicy = {}) {
  const held = new Map<string, Uint8Array>();
  const fail = () => {
    if (isFailing()) throw new Error('down');
  };
  const tier: Tier = {
    name: 'held',
    getMany: async (keys) => keys.map(() => undefined),
    async setMany(entries: readonly TierEntry[]) {
      fail();
      for (const { key, frame } of entries) held.set(nameOf(key), frame);
      // Answered late: more is put meanwhile.
      await new Promise(setImmediate);
      fail();
      return entries.map(() => true);
    },
    async deleteMany(keys) {
      fail();
      for (const key of keys) held.delete(nameOf(key));
    },
    async clear() {
      fail();
      held.clear();
    },
    async close() {},
  };
  const memory = new FrameMemory();
  const maker = new FrameMaker('string', memory);
  const writes = new LocalWrites(LocalWrites.create(), true, { owner: 1, isLive: () => true });
  const others = { writes, isHere: () => false };
  const policy = readPolicy({ maxQueue, ...own });
  const queue = new WriteQueue(tier, policy, new Calls(20_000), memory, others);
  const put = (key: string, text?: string) => {
    writes.note(key);
    queue.put(key, text === undefined ? undefined : maker.make([blockOf(text)], text.length, 0));
  };
  const has = (bytes: Uint8Array, text: string) =>
    Buffer.compare(bytes.subarray(40), blockOf(text).subarray(8)) === 0;
  return { queue, memory, tier, held, put, has };
}

for (const [maxQueue, what] of [
  [2 ** 24, 'all of it'],
  [5000, 'or nothing older, when it is full'],
] as const) {
  test(`what is put last is in the tier in the end: ${what}`, async () => {
    let dropped = 0;
    for (let seed = 0; seed < 8; seed++) {
      const random = seeded(`${seed}`);
      let left = 400;
      const { queue, held, put, has } = openQueue(maxQueue, () => left > 0 && random.int(3) === 0);
      const last = new Map<string, string>();
      for (; left > 0; left--) {
        const key = `key:${random.int(40)}`;
        const what = random.int(100);
        if (what < 3) {
          queue.clear();
          last.clear();
        } else if (what < 20) {
          put(key);
          last.delete(key);
        } else {
          const text = `${seed} ${left} `.repeat(1 + random.int(what < 25 ? 600 : 60));
          put(key, text);
          last.set(key, text);
        }
        // Looking settles what was put.
        const found = random.int(4) === 0 ? queue.find(key) : undefined;
        const wanted = last.get(key);
        if (found) assert.ok(wanted !== undefined && has(found, wanted), `${seed}: ${key} waits`);
        if (random.int(10) === 0) await sleep(random.int(3));
      }
      await queue.drained();
      for (const [key, frame] of held) {
        assert.ok(last.has(key) && has(frame, last.get(key)!), `seed ${seed}: ${key}`);
      }
      if (queue.dropped === 0) assert.equal(held.size, last.size);
      dropped += queue.dropped;
      assert.deepEqual([queue.entries, queue.bytes], [0, 0]);
    }
    assert.equal(dropped > 0, maxQueue < 2 ** 24);
  });
}

test('a batch that fails waits again, but for what is newer, and after a clear not at all', async () => {
  let answer: ((error?: Error) => void) | undefined;
  const { queue, put, held, has, tier } = openQueue(2 ** 20);
  const { setMany } = tier;
  tier.setMany = async () => {
    await new Promise<void>((resolve, reject) => {
      answer = (error) => (error ? reject(error) : resolve());
    });
    return [];
  };
  const fail = async () => {
    while (answer === undefined) await sleep(1);
    answer(new Error('down'));
    answer = undefined;
  };
  for (const key of ['a', 'b', 'c']) put(key, 'old');
  while (answer === undefined) await sleep(1);
  put('b', 'new');
  put('c');
  assert.equal(queue.entries, 5);
  await fail();
  while (answer === undefined) await sleep(1);
  assert.equal(queue.entries, 3);
  assert.ok(has(queue.find('a')!, 'old') && has(queue.find('b')!, 'new'));
  assert.equal(queue.find('c'), undefined);
  queue.clear();
  put('d', 'later');
  await fail();
  tier.setMany = setMany;
  await queue.drained();
  assert.deepEqual([...held.keys()], ['d']);
  assert.ok(has(held.get('d')!, 'later'));
  assert.equal(queue.deletes, 0);
});

test('a key that is put again and again waits once, in as much memory', async () => {
  const { queue, put, held, has } = openQueue(100_000);
  for (let i = 0; i < 10_000; i++) {
    put('key', `${i}`.padEnd(1000));
    if (i % 1000 === 0) assert.equal(queue.entries, 1);
  }
  assert.ok(queue.bytes < 1200);
  await queue.drained();
  assert.deepEqual([queue.sets, queue.dropped], [1, 0]);
  assert.ok(has(held.get('key')!, '9999'.padEnd(1000)));
});

test('memory of frames is used again when the last of a chunk is released', () => {
  const memory = new FrameMemory();
  const fill = () => Array.from({ length: 100 }, () => memory.take(1000));
  const first = fill();
  const chunks = new Set(first.map(({ chunk }) => chunk));
  assert.equal(chunks.size, 4);
  for (const frame of first.slice(1)) memory.release(frame);
  const [kept] = first;
  const second = fill();
  assert.ok(second.every(({ chunk }) => chunk !== kept!.chunk));
  assert.ok(second.filter(({ chunk }) => chunks.has(chunk)).length >= 96);
  const places = new Set(second.map((frame) => `${[...chunks].indexOf(frame.chunk)} ${frame.at}`));
  assert.equal(places.size, second.length, 'each has its own');
});

test('what is taken out is nobody else’s, and in one piece', () => {
  const memory = new FrameMemory();
  const frames = [1, 2, 3].map((i) => {
    const frame = memory.take(100 * i);
    bytesOf(frame).fill(i);
    return frame;
  });
  const long = memory.take(10_000);
  const out = memory.takeOut([...frames, long]);
  assert.equal(out[3], long);
  const again = memory.take(1000);
  assert.equal(again.chunk, frames[0]!.chunk, 'used again');
  bytesOf(again).fill(9);
  for (const [i, frame] of out.slice(0, 3).entries()) {
    assert.deepEqual(bytesOf(frame), Buffer.alloc(100 * (i + 1), i + 1));
    assert.notEqual(frame.chunk, again.chunk);
  }
  assert.equal(new Set(out.slice(0, 3).map(({ chunk }) => chunk)).size, 1);
});

test('frames that wait between superseded ones do not hold all of their memory', async () => {
  let isDown = true;
  const { queue, memory, put, held, has } = openQueue(2 ** 20, () => isDown);
  for (let i = 0; i < 1000; i++) {
    put(`key:${i}`, `${i}`.padEnd(500));
    for (let n = 0; n < 50; n++) put('often', `${i}:${n}`.padEnd(500));
  }
  assert.equal(queue.entries, 1001);
  assert.ok(memory.heldBytes < 2 ** 20 + 3 * queue.bytes, `${memory.heldBytes} for ${queue.bytes}`);
  isDown = false;
  await queue.drained();
  for (let i = 0; i < 1000; i++) assert.ok(has(held.get(`key:${i}`)!, `${i}`.padEnd(500)));
  assert.ok(has(held.get('often')!, '999:49'.padEnd(500)));
});

test('what waits and what is under way never takes more than maxQueue', async () => {
  for (let seed = 0; seed < 8; seed++) {
    const random = seeded(`bound ${seed}`);
    let left = 600;
    const maxQueue = 4000 + random.int(40_000);
    const { queue, put } = openQueue(maxQueue, () => left > 0 && random.int(2) === 0);
    let most = 0;
    for (; left > 0; left--) {
      const key = `key:${random.int(300)}`;
      const what = random.int(100);
      if (what === 0) queue.clear();
      else if (what < 20) put(key);
      else put(key, 'x'.repeat(random.int(what < 25 ? 2 * maxQueue : 400)));
      assert.ok(queue.bytes <= maxQueue, `${seed}: ${queue.bytes} of ${maxQueue}`);
      most = Math.max(most, queue.bytes);
      if (random.int(20) === 0) await sleep(random.int(4));
    }
    assert.ok(most > maxQueue / 2);
    await queue.drained();
    assert.deepEqual([queue.entries, queue.bytes], [0, 0]);
  }
});

test('a frame that is too long for the queue takes nothing with it', async () => {
  const { queue, put, held } = openQueue(10_000);
  held.set('long', Buffer.from('old'));
  for (let i = 0; i < 5; i++) put(`key:${i}`, 'value');
  put('long', 'x'.repeat(8000));
  assert.equal(queue.dropped, 1);
  await queue.drained();
  assert.deepEqual(
    [...held.keys()].sort(),
    Array.from({ length: 5 }, (_, i) => `key:${i}`),
  );
});

test('many keys are few calls, one after the other, and no timer is between them', async () => {
  const { queue, put, tier } = openQueue(2 ** 24);
  const calls: string[] = [];
  const { setMany, deleteMany } = tier;
  tier.setMany = (entries) => {
    calls.push(`set ${entries.length}`);
    return setMany(entries);
  };
  tier.deleteMany = (keys) => {
    calls.push(`delete ${keys.length}`);
    return deleteMany(keys);
  };
  for (let i = 0; i < 600; i++) put(`key:${i}`, 'value');
  let turns = 0;
  let isOver = false;
  const count = () => {
    turns++;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  await queue.drained();
  isOver = true;
  assert.deepEqual(calls.splice(0), ['set 256', 'set 256', 'set 88']);
  assert.ok(turns < 20, `${turns} turns of the event loop`);
  for (let i = 0; i < 600; i++) put(`key:${i}`);
  await queue.drained();
  assert.deepEqual(calls, ['delete 256', 'delete 256', 'delete 88']);
});

test('what is put while a batch is under way waits as long as anything', async () => {
  const { queue, put, tier } = openQueue(2 ** 20, undefined, {
    writes: 'behind',
    writeDelayMs: 60_000,
  });
  const { setMany } = tier;
  let calls = 0;
  tier.setMany = (entries) => {
    calls++;
    put('key', 'newer');
    return setMany(entries);
  };
  put('key', 'old');
  await queue.drained();
  await sleep(50);
  assert.deepEqual([calls, queue.entries], [1, 1]);
  queue.stop();
});

test('a batch is under way until both of its calls are over', async () => {
  const { queue, put, tier } = openQueue(2 ** 20);
  let answer!: (kept: boolean[]) => void;
  let calls = 0;
  tier.setMany = () => {
    calls++;
    return new Promise((resolve) => {
      answer = resolve;
    });
  };
  tier.deleteMany = () => Promise.reject(new Error('down'));
  put('key', 'value');
  put('other');
  while (calls === 0) await sleep(1);
  await sleep(50);
  assert.equal(calls, 1, 'its frame may still arrive');
  answer([true]);
  while (calls === 1) await sleep(1);
  queue.stop();
});

test('while nobody may try, what waits is not packed', async () => {
  const { queue, memory, put, tier } = openQueue(2 ** 20, () => true);
  let [calls, packed] = [0, 0];
  const { setMany } = tier;
  tier.setMany = (entries) => {
    calls++;
    return setMany(entries);
  };
  const { takeOut } = memory;
  memory.takeOut = (frames) => {
    packed++;
    return takeOut.call(memory, frames);
  };
  for (let i = 0; i < 100; i++) {
    put(`key:${i}`, 'value');
    void queue.drained();
    await sleep(1);
  }
  // An attempt may come a moment too early.
  assert.ok(packed <= 2 * calls + 2, `${packed} times for ${calls} calls`);
  queue.stop();
});

test('what is older than a removal that a clear made needless does not wait again', async () => {
  const { queue, put, tier, held } = openQueue(4000);
  const { setMany } = tier;
  let clears = 0;
  const { clear } = tier;
  tier.clear = () => {
    clears++;
    return clear();
  };
  tier.setMany = async () => {
    tier.setMany = setMany;
    put('key');
    for (let i = 0; i < 40; i++) put(`other:${i}`);
    throw new Error('down');
  };
  put('key', 'old');
  await queue.drained();
  assert.ok(clears > 0);
  assert.deepEqual([...held.keys()], []);
});
