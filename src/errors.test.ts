/** Errors: every code is thrown by what it is documented for, and says what was seen. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { test } from 'node:test';
import { settled } from '../test/support/settled.ts';
import { openKernel } from './border/kernel.ts';
import { ownVersion } from './border/version.ts';
import * as facts from './generated/facts.ts';
import * as everything from './index.ts';
import {
  Arena,
  BadImageError,
  CorruptionError,
  DisposedError,
  type ErrorCode,
  IncompatibleZoneError,
  InvalidArgumentError,
  InvalidFreeError,
  PagelessError,
  SharedCache,
  TargetTooSmallError,
  TooManyThreadsError,
  ZoneTooSmallError,
  ZsPool,
} from './index.ts';
import { join } from './threads/zone.ts';

type Kind = new (...values: never[]) => PagelessError;

/** The error that `call` throws, which must have this class and code. */
function thrown<K extends Kind>(kind: K, code: ErrorCode, call: () => unknown): InstanceType<K> {
  let caught: unknown;
  try {
    call();
  } catch (error) {
    caught = error;
  }
  assert.ok(caught instanceof kind, `${caught}`);
  assert.ok(caught instanceof PagelessError && caught instanceof Error);
  assert.equal(caught.code, code);
  assert.equal(caught.name, kind.name);
  return caught as InstanceType<K>;
}

test('ERR_PAGELESS_INVALID_ARGUMENT says which argument, what was seen and what is allowed', () => {
  const create = (maxSize: unknown) => () => new SharedCache({ maxSize: maxSize as number });
  const messageFor = (seen: unknown): string =>
    thrown(InvalidArgumentError, 'ERR_PAGELESS_INVALID_ARGUMENT', create(seen)).message;
  assert.match(messageFor('abc'), /^maxSize must be a number of bytes .*; seen: "abc"$/);
  assert.match(messageFor('x'.repeat(41)), /seen: a string of 41 characters$/);
  assert.match(messageFor(new Uint8Array(7)), /seen: 7 bytes$/);
  assert.match(messageFor(null), /seen: null$/);
  assert.match(messageFor(new Map()), /seen: a Map$/);
});

test('a handle that was sent to another process is told apart', () => {
  using cache = new SharedCache({ maxSize: '4MiB' });
  using pool = cache.arena.createZsPool();
  const asJson = <H>(handle: H): H => JSON.parse(JSON.stringify(handle)) as H;
  for (const attach of [
    () => SharedCache.attach(asJson(cache.handle)),
    () => Arena.attach(asJson(cache.arena.handle)),
    () => ZsPool.attach(asJson(pool.handle)),
  ]) {
    const { message } = thrown(InvalidArgumentError, 'ERR_PAGELESS_INVALID_ARGUMENT', attach);
    assert.match(
      message,
      /^handle.memory must be a WebAssembly.Memory; seen: an Object; .*process/,
    );
  }
});

test('ERR_PAGELESS_INVALID_FREE names the page, and nothing has changed', async () => {
  using arena = new Arena({ size: '4MiB' });
  await settled(arena);
  const free = arena.report().freePages;
  const pfn = arena.allocPages(2)!;
  const wrong: [number, number, RegExp][] = [
    [pfn, 1, /another order/],
    [pfn + 1, 2, /first page/],
    [pfn + 1, 0, /another order/],
    [0, 0, /belongs to the arena/],
    [1024, 0, /outside the arena/],
    [arena.report().pages - 1, 0, /not allocated/],
  ];
  for (const [page, order, reason] of wrong) {
    const call = () => arena.freePages(page, order);
    const error = thrown(InvalidFreeError, 'ERR_PAGELESS_INVALID_FREE', call);
    assert.match(error.message, reason);
    assert.deepEqual([error.pfn, error.order], [page, order]);
  }
  assert.equal(arena.report().freePages, free - 4);
  arena.freePages(pfn, 2);
  thrown(InvalidFreeError, 'ERR_PAGELESS_INVALID_FREE', () => arena.freePages(pfn, 2));
  assert.equal(arena.report().freePages, free);
  arena.check();
});

test('ERR_PAGELESS_INCOMPATIBLE_ZONE for memory that is no zone of this version', () => {
  const memory = new WebAssembly.Memory({ initial: 64, maximum: 64, shared: true });
  const attach = () =>
    Arena.attach({ kind: 'pageless-arena', memory, zone: '', version: ownVersion });
  thrown(IncompatibleZoneError, 'ERR_PAGELESS_INCOMPATIBLE_ZONE', attach);
});

test('ERR_PAGELESS_TOO_MANY_THREADS when all 255 slots are taken', () => {
  using cache = new SharedCache({ maxSize: '4MiB' });
  const { memory } = cache.arena;
  let taken = 0;
  let last = openKernel(memory);
  while (last.attach(1_000_000 + taken, 1) > 0) {
    taken++;
    last = openKernel(memory);
  }
  assert.ok(taken >= 253 && taken <= 254, `${taken}`);
  const code = 'ERR_PAGELESS_TOO_MANY_THREADS';
  thrown(TooManyThreadsError, code, () => join(memory, openKernel(memory), true));
  assert.equal(cache.set('key', Uint8Array.of(1)), true, 'those who are attached go on');
  assert.equal(cache.arena.kernel.markDead(1_000_000), 1);
  assert.equal(cache.arena.kernel.recoverDead(), 1);
  assert.ok(last.attach(2_000_000, 1) > 0, 'a slot that came back can be taken');
});

test('ERR_PAGELESS_TARGET_TOO_SMALL says how much is needed, and copies nothing', () => {
  using cache = new SharedCache({ maxSize: '4MiB' });
  cache.set('key', Uint8Array.of(1, 2, 3));
  const target = new Uint8Array(4);
  const call = () => cache.getInto('key', target, 2);
  const error = thrown(TargetTooSmallError, 'ERR_PAGELESS_TARGET_TOO_SMALL', call);
  assert.equal(error.needed, 3);
  assert.match(error.message, /room for 2 bytes; the value has 3/);
  assert.deepEqual(target, new Uint8Array(4));
});

test('ERR_PAGELESS_ZONE_TOO_SMALL when pages of one’s own leave no room for a scratch', () => {
  using arena = new Arena({ size: '4MiB' });
  const other = openKernel(arena.memory);
  assert.ok(other.attach(1_000_000, 1) > 0);
  assert.equal(other.formatStore(), 0);
  for (let order = facts.MAX_ORDER; order >= 0; order--) {
    while (arena.allocPages(order) !== undefined);
  }
  const { handle } = arena;
  const attach = () =>
    SharedCache.attach({
      kind: 'pageless-cache',
      arena: handle,
      values: 'bytes',
      ttl: 0,
      staleFor: 0,
      maxEntrySize: 1000,
      compression: 'lz4',
    });
  thrown(ZoneTooSmallError, 'ERR_PAGELESS_ZONE_TOO_SMALL', attach);
  assert.equal(other.liveThreads() - arena.report().threads, 0, 'the failed one left no user');
});

test('ERR_PAGELESS_CORRUPTION is for ever, for every caller, and keeps the first reason', () => {
  using cache = new SharedCache({ maxSize: '4MiB' });
  const { arena } = cache;
  const other = openKernel(arena.memory);
  const slot = other.attach(1_000_000, 1);
  other.callFailed();
  const calls = [
    () => cache.get('key'),
    () => cache.set('key', Uint8Array.of(1)),
    () => arena.report(),
  ];
  for (const call of [...calls, () => arena.check(), () => cache.clear(), ...calls]) {
    const error = thrown(CorruptionError, 'ERR_PAGELESS_CORRUPTION', call);
    assert.equal(error.fault, facts.FAULT_TRAP);
    assert.equal(error.slot, slot);
    assert.match(error.message, /interrupted .*can no longer be used/);
  }
});

test('ERR_PAGELESS_CORRUPTION when a stored value was damaged, compressed or not', () => {
  const texts = ['short and stored as it is', 'packed '.repeat(100)];
  for (const text of texts) {
    using cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string' });
    cache.set('key', text);
    assert.equal(cache.get('key'), text);
    const stored = Buffer.from(cache.arena.memory.buffer);
    // What stands before the first repetition is stored as it is.
    const start = Buffer.from(text.slice(0, 7));
    const places = [];
    for (let at = stored.indexOf(start); at >= 0; at = stored.indexOf(start, at + 1))
      places.push(at);
    for (const at of places) stored[at + 3]! ^= 1;
    const { fault, message } = thrown(CorruptionError, 'ERR_PAGELESS_CORRUPTION', () =>
      cache.get('key'),
    );
    assert.equal(fault, facts.FAULT_DAMAGED_DATA);
    assert.match(message, /damaged/);
  }
});

test('ERR_PAGELESS_DISPOSED for an arena and for a cache', () => {
  const arena = new Arena({ size: '4MiB' });
  arena[Symbol.dispose]();
  arena[Symbol.dispose]();
  for (const call of [() => arena.handle, () => arena.size, () => arena.allocPages(0)]) {
    thrown(DisposedError, 'ERR_PAGELESS_DISPOSED', call);
  }
  const cache = new SharedCache({ maxSize: '4MiB' });
  cache[Symbol.dispose]();
  thrown(DisposedError, 'ERR_PAGELESS_DISPOSED', () => cache.get('key'));
});

test('ERR_PAGELESS_BAD_IMAGE for a file that is no image', () => {
  const file = joinPath(tmpdir(), `pageless-${process.pid}.txt`);
  writeFileSync(file, 'This is not an arena. '.repeat(10));
  const error = thrown(BadImageError, 'ERR_PAGELESS_BAD_IMAGE', () => Arena.load(file));
  assert.ok(error.message.includes(file));
  rmSync(file);
});

test('the name of an error is written out: it survives minifiers, which rename classes', () => {
  for (const [name, kind] of Object.entries(everything)) {
    if (typeof kind !== 'function' || !(kind.prototype instanceof PagelessError)) continue;
    assert.ok(Object.hasOwn(kind.prototype, 'name'), `${name} is not in errors.ts' table`);
    assert.equal(kind.prototype.name, name);
  }
  const { name } = InvalidArgumentError;
  Object.defineProperty(InvalidArgumentError, 'name', { value: 't', configurable: true });
  const error = new InvalidArgumentError('key', 'a text', 5);
  Object.defineProperty(InvalidArgumentError, 'name', { value: name, configurable: true });
  assert.equal(error.name, 'InvalidArgumentError');
  assert.match(`${error.stack}`, /^InvalidArgumentError: key must be a text; seen: 5\n/);
});
