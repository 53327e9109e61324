/** Arena: pages, handles, who may attach, and what a thread gives back. */
import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { test } from 'node:test';
import { settled } from '../../test/support/settled.ts';
import { THREAD_PAGES } from '../../test/support/zone.ts';
import { openKernel } from '../border/kernel.ts';
import { ownVersion } from '../border/version.ts';
import { Arena, type ArenaHandle, IncompatibleZoneError, SharedCache } from '../index.ts';
import { registry } from '../threads/registry.ts';

function sharedMemory(pages: number): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

function attachTo(memory: unknown): Arena {
  return Arena.attach({
    kind: 'pageless-arena',
    memory,
    zone: '',
    version: ownVersion,
  } as ArenaHandle);
}

/** A memory of `pages` that begins like the arena, with one word changed. */
function copyOf(arena: Arena, pages: number, word: number, change: number): WebAssembly.Memory {
  const memory = sharedMemory(pages);
  const from = new Uint32Array(arena.memory.buffer, 0, 1 << 16);
  new Uint32Array(memory.buffer).set(from);
  const words = new Uint32Array(memory.buffer);
  words[word] = words[word]! + change;
  // An identity of its own, or it would be taken for the arena that this thread knows.
  words[10] = words[10]! ^ 1;
  return memory;
}

test('the size is what was asked for, rounded down to 64 KiB', () => {
  const sizes: [number | string, number][] = [
    ['4MiB', 2 ** 22],
    [2 ** 22 + 65535, 2 ** 22],
    ['64MB', 63963136],
  ];
  for (const [size, bytes] of sizes) {
    using arena = new Arena({ size });
    assert.equal(arena.size, bytes);
    arena.check();
  }
  using largest = new Arena({ size: '4GiB' });
  assert.equal(largest.size, 65535 * 65536);
});

test('blocks of every order are aligned, disjoint, described and given back', async () => {
  using arena = new Arena({ size: '32MiB' });
  await settled(arena);
  const before = arena.report().freePages;
  const blocks: [number, number][] = [];
  for (let order = 0; order <= 10; order++) {
    for (let i = 0; i < 2; i++) blocks.push([arena.allocPages(order)!, order]);
  }
  for (const [pfn, order] of blocks) {
    assert.equal(pfn % 2 ** order, 0);
    const expected = { pfn: pfn + 2 ** order - 1, use: 'allocated by user', order };
    assert.deepEqual(arena.describe(pfn + 2 ** order - 1), expected);
    const bytes = arena.bytesOf(pfn, order);
    assert.equal(bytes.length, 4096 * 2 ** order);
    bytes.fill(pfn & 255);
  }
  for (const [pfn, order] of blocks) {
    assert.ok(arena.bytesOf(pfn, order).every((byte) => byte === (pfn & 255)));
    arena.freePages(pfn, order);
  }
  assert.equal(arena.report().freePages, before);
  assert.deepEqual(arena.describe(blocks[0]![0]), { pfn: blocks[0]![0], use: 'free' });
  arena.check();
});

test('an arena that is used up says undefined', async () => {
  using arena = new Arena({ size: '4MiB' });
  await settled(arena);
  let pages = 0;
  while (arena.allocPages(0) !== undefined) pages++;
  const own = arena.report().threads * THREAD_PAGES;
  assert.equal(pages, 1024 - arena.kernel.firstPfn() - own);
  assert.equal(arena.report().freePages, 0);
  arena.check();
});

test('numbers out of range are refused before anything happens', async () => {
  using arena = new Arena({ size: '4MiB' });
  await settled(arena);
  const metadata = new Uint8Array(arena.memory.buffer, 0, arena.kernel.firstPfn() * 4096);
  const before = metadata.slice();
  for (const order of [-1, 11, 0.5, Number.NaN, 2 ** 32, '1', undefined, 1n]) {
    assert.throws(() => arena.allocPages(order as number), /^InvalidArgumentError: order must be/);
    assert.throws(
      () => arena.freePages(0, order as number),
      /^InvalidArgumentError: order must be/,
    );
    assert.throws(
      () => arena.freePart(0, order as number, 10),
      /^InvalidArgumentError: order must/,
    );
  }
  for (const options of [null, 1, { moveable: true }, { movable: 1 }, { compactMs: -1 }]) {
    assert.throws(() => arena.allocPages(0, options as never), { name: 'InvalidArgumentError' });
  }
  for (const pfn of [-1, 0.5, Number.NaN, 2 ** 32, '1', undefined]) {
    assert.throws(() => arena.freePages(pfn as number, 0), /^InvalidArgumentError: pfn must be/);
    assert.throws(() => arena.freePart(pfn as number, 0, 1), /^InvalidArgumentError: pfn must be/);
    assert.throws(() => arena.describe(pfn as number), /^InvalidArgumentError: pfn must be/);
    assert.throws(() => arena.bytesOf(pfn as number, 0), /^InvalidArgumentError: pfn must be/);
  }
  assert.throws(() => arena.describe(1024), /from 0 to 1023; seen: 1024/);
  assert.throws(() => arena.bytesOf(1023, 1), /from 0 to 1022; seen: 1023/);
  const wrong: [pfn: number, order: number][] = [
    [0, 0],
    [1023, 0],
    [1023, 1],
    [1024, 0],
    [2 ** 32 - 1, 10],
  ];
  for (const [pfn, order] of wrong) {
    assert.throws(() => arena.freePages(pfn, order), /^InvalidFreeError/);
    assert.throws(() => arena.freePart(pfn, 0, order + 1), /^Invalid(Free|Argument)Error/);
  }
  assert.ok(Buffer.compare(before, metadata.slice()) === 0, 'a wrong number has changed something');
});

test('a handle that is none is refused', () => {
  using arena = new Arena({ size: '4MiB' });
  const wrong = [undefined, null, {}, 5, 'handle', arena, { kind: 'pageless-arena' }];
  for (const handle of wrong) {
    const attach = () => Arena.attach(handle as unknown as ArenaHandle);
    assert.throws(attach, /^InvalidArgumentError: handle/);
    const toCache = () => SharedCache.attach(handle as never);
    assert.throws(toCache, /^InvalidArgumentError: handle must be another thread's cache.handle/);
  }
});

test('memory that is no zone, or another one, is refused and not written', () => {
  using arena = new Arena({ size: '4MiB' });
  const random = sharedMemory(64);
  const noise = randomFillSync(new Uint8Array(random.buffer.byteLength));
  new Uint8Array(random.buffer).set(noise);
  const wrong: [string, unknown, RegExp][] = [
    ['zeroes', sharedMemory(64), /not a pageless zone/],
    ['noise', random, /not a pageless zone/],
    ['too small', sharedMemory(63), /does not fit/],
    ['not shared', new WebAssembly.Memory({ initial: 64, maximum: 64 }), /does not fit/],
    ['another version', copyOf(arena, 64, 1, 1), /another version/],
    ['another size', copyOf(arena, 65, 0, 0), /differ in size/],
  ];
  for (const [what, memory, reason] of wrong) {
    const before = new Uint8Array((memory as WebAssembly.Memory).buffer).slice();
    assert.throws(
      () => attachTo(memory),
      (error: unknown) => error instanceof IncompatibleZoneError && reason.test(error.message),
      what,
    );
    const after = new Uint8Array((memory as WebAssembly.Memory).buffer);
    assert.ok(Buffer.compare(before, after.slice()) === 0, `${what} was written`);
  }
});

test('a valid beginning before noise, or before nothing, is refused and not written', () => {
  using arena = new Arena({ size: '4MiB' });
  for (const valid of [64, 128, 320, 512, 1024, 4096]) {
    for (const rest of [randomFillSync(new Uint8Array(2 ** 22)), new Uint8Array(2 ** 22)]) {
      const memory = copyOf(arena, 64, 0, 0);
      const bytes = new Uint8Array(memory.buffer);
      bytes.set(rest.subarray(valid), valid);
      const before = bytes.slice();
      assert.throws(() => attachTo(memory), IncompatibleZoneError, `${valid} bytes are valid`);
      assert.ok(Buffer.compare(before, bytes.slice()) === 0, `${valid}: it was written`);
    }
  }
});

test('a zone without a cache is refused by SharedCache, and left', () => {
  using arena = new Arena({ size: '4MiB' });
  using other = new SharedCache({ maxSize: '4MiB' });
  const { threads } = arena.report();
  const handle = { ...other.handle, arena: arena.handle };
  assert.throws(() => SharedCache.attach(handle), /the zone holds no cache/);
  assert.equal(registry().zones.size, 2);
  assert.ok(arena.report().threads - threads <= 1);
});

test('a thread has one slot in a zone, however often it opens it', async () => {
  using cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string' });
  const { threads, pagesByUse } = cache.arena.report();
  const again = SharedCache.attach<string>(structuredClone(cache.handle));
  const arena = Arena.attach(cache.arena.handle);
  again.set('key', 'value');
  assert.equal(cache.get('key'), 'value');
  assert.equal(arena.report().pagesByUse['thread scratch'], pagesByUse['thread scratch']);
  assert.ok(arena.report().threads <= threads + 1, 'no more than the supervisor came');
  again[Symbol.dispose]();
  arena[Symbol.dispose]();
  assert.equal(cache.get('key'), 'value', 'the first user goes on');
});

test('two caches of a process know nothing of each other', () => {
  using first = new SharedCache<string>({ maxSize: '4MiB', values: 'string' });
  using second = new SharedCache<string>({ maxSize: '4MiB', values: 'string' });
  first.set('key', 'of the first');
  assert.equal(second.get('key'), undefined);
  second.set('key', 'of the second');
  assert.equal(first.get('key'), 'of the first');
});

test('dispose gives the slot and the scratch back', () => {
  const cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string' });
  const { handle } = cache;
  cache.set('key', 'value');
  cache[Symbol.dispose]();
  assert.equal(registry().zones.size, 0);
  using again = SharedCache.attach<string>(handle);
  assert.equal(again.get('key'), 'value', 'the memory is still referred to');
  assert.equal(again.arena.report().pagesByUse['thread scratch'], 4);
  again.arena.check();
});

test('threads attach to a full cache: entries make room for their scratch, small or large', () => {
  using cache = new SharedCache({ maxSize: '4MiB' });
  const noise = randomFillSync(new Uint8Array(3000));
  const fill = () => {
    const { evictions } = cache.stats();
    while (cache.stats().evictions === evictions) cache.set(`${cache.stats().sets}`, noise);
  };
  for (let thread = 0; thread < 12; thread++) {
    fill();
    const other = openKernel(cache.arena.memory);
    assert.ok(other.attach(1_000_000 + thread, 1) > 0);
    const outcome = thread % 2 === 0 ? other.prepareSmall() : other.prepare();
    assert.equal(outcome, 0, `thread ${thread}`);
  }
  fill();
  assert.equal(cache.arena.report().pagesByUse['thread scratch'], 7 * 4 + 6 * 37);
  cache.arena.check();
});
