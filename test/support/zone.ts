/**
 * A zone for one test: formatted, attached, checked from top to bottom when the test has ended.
 *
 * Threads of a test are instances over one memory in this one JavaScript thread (`join`), each with
 * a slot of its own: enough for everything but true simultaneity, which test/model covers.
 *
 * Exports return signed 32-bit integers. What is an address here is a number from 0 to 2^32 − 1, so
 * every such result goes through `>>> 0`.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { KernelExports } from '../../src/border/kernel.ts';
import * as facts from '../../src/generated/facts.ts';
import { offsetOf, wordOfSlot } from './structures.ts';
import { attachTestKernel, type SharedMemory, testKernelModule } from './test-kernel.ts';

/** What kernel/testing.ts exports beyond the kernel's face. */
export interface ZoneExports extends KernelExports {
  takeBlock(order: number, kind?: number): number;
  takeBlockAt(pfn: number, order: number, kind: number): number;
  drainAll(): void;
  haltWorld(): void;
  stockedIn(slot: number): number;
  allocPagesAs(order: number, subtype: number, kind: number): number;
  giveBlock(pfn: number, order: number): void;
  initHeader(desc: number, type: number, order: number, pfn: number): void;
  publish(desc: number): void;
  tryGet(desc: number): number;
  put(desc: number): number;
  freeze(desc: number, expected: number): number;
  unfreeze(desc: number): number;
  unpin(desc: number): number;
  disown(desc: number): number;
  lockDesc(desc: number): number;
  clearRefs(desc: number): void;
  pin(pfn: number): number;
  tryLockDesc(desc: number): number;
  unlockDesc(desc: number): void;
  lock(at: number): void;
  unlock(at: number): void;
  enterSection(): void;
  leaveSection(): void;
  isInSection(): number;
  limboCount(kind: number): number;
  allocObject(cache: number): number;
  freeObject(cache: number, object: number): void;
  cacheOf(cache: number): number;
  churnObjects(cache: number, rounds: number): void;
  allocInCall(cache: number): number;
  freeInCall(cache: number, object: number): void;
  drainSlab(): number;
  waitingSlabs(): number;
  zsAlloc(payload: number): number;
  zsPlace(handle: number): bigint;
  zsWrite(place: bigint, to: number, from: number, bytes: number): void;
  zsRead(place: bigint, from: number, to: number, bytes: number): void;
  zsRetire(handle: number): void;
  zsRelease(handle: number): void;
  zsSettle(handle: number): void;
  classFor(payload: number): number;
  shapeOf(sizeClass: number): number;
  setMany(entries: number): void;
  leaves(): number;
  hashOf(key: number, bytes: number): number;
}

export interface TestZone {
  readonly kernel: ZoneExports;
  readonly memory: SharedMemory;
  /** The whole memory, as it is now. */
  readonly bytes: Uint8Array;
  /** The same, as aligned words: index = address / 4. */
  readonly words: Uint32Array;
  /** Attaches another thread. */
  join(owner?: number): ZoneExports;
}

export interface ZoneOptions {
  wasmPages?: number;
  build?: 'test' | 'debug';
  /** Whether the zone is made a cache, with this thread's scratch taken. */
  hasStore?: boolean;
}

const builds = new Map<string, WebAssembly.Module>();

function moduleOf(build: string): object {
  if (build === 'test') return testKernelModule();
  const file = new URL(`../../build/kernel/${build}.wasm`, import.meta.url);
  const module = builds.get(build) ?? new WebAssembly.Module(readFileSync(file));
  builds.set(build, module);
  return module;
}

/** A shared memory of `wasmPages` times 64 KiB, all zero. */
export function createMemory(wasmPages: number): SharedMemory {
  const memory = new WebAssembly.Memory({ initial: wasmPages, maximum: wasmPages, shared: true });
  return memory as unknown as SharedMemory;
}

/** An instance over `memory` that is not attached to anything. */
export function openZone(memory: SharedMemory, build: 'test' | 'debug' = 'test'): ZoneExports {
  const raw = attachTestKernel<ZoneExports>(memory, moduleOf(build)).exports;
  const words = new Uint32Array(memory.buffer, 0, facts.PAGE_MAP / 4);
  let slot = 0;
  const attach = (owner: number, mayPark: number) => {
    const answer = raw.attach(owner, mayPark);
    if (answer > 0) slot = answer;
    return answer;
  };
  // What lies below the kernel's face marks the thread as half-way through a change, and only the
  // face takes the mark away again. A test's call ends when it returns.
  const lower = Object.entries(raw).filter(([name]) => belowFace.has(name));
  const ending = lower.map(([name, call]) => {
    const end = (...values: number[]) => {
      const answer = call(...values);
      // Its section may go on: that stands above the operation's 16 bits.
      words[wordOfSlot(slot, 'inKernel') / 4]! &= ~0xffff;
      return answer;
    };
    return [name, end] as const;
  });
  return { ...raw, ...Object.fromEntries(ending), attach };
}

/** Exports of kernel/testing.ts that may take a lock. */
const belowFace = new Set(
  ['lock', 'unlock', 'allocObject', 'freeObject', 'zsAlloc', 'zsRelease'].concat([
    'tryLockDesc',
    'unlockDesc',
    'pin',
    'put',
    'unpin',
    'tryGet',
    'zsRetire',
    'drainSlab',
    'zsSettle',
  ]),
);

/** A formatted zone with this thread attached as owner 1. */
export function createZone(options: ZoneOptions = {}): TestZone {
  const { wasmPages = 64, build = 'test', hasStore = false } = options;
  const memory = createMemory(wasmPages);
  const kernel = openZone(memory, build);
  assert.equal(kernel.format(1, 2, 3, 4), 0);
  assert.equal(kernel.attach(1, 1), 1);
  if (hasStore) assert.equal(kernel.formatStore(), 0);
  if (hasStore) assert.equal(kernel.prepare(), 0);
  return {
    kernel,
    memory,
    bytes: new Uint8Array(memory.buffer),
    words: new Uint32Array(memory.buffer, 0, Math.floor(memory.buffer.byteLength / 4)),
    join(owner = 2) {
      const joined = openZone(memory, build);
      assert.ok(joined.attach(owner, 1) > 0);
      if (hasStore) assert.equal(joined.prepare(), 0);
      return joined;
    },
  };
}

/** Fails, saying where, unless every invariant of every floor holds. */
export function assertSound(kernel: ZoneExports): void {
  const fault = kernel.check();
  assert.equal(fault, 0, `check: fault ${fault} at ${kernel.checkDetail() >>> 0}`);
}

/**
 * Fails unless every floor up to zsmalloc's is sound. For handles that no entry names: floors are
 * checked from the lowest up, and the last sum, cells against entries, is the only one to object.
 */
export function assertPoolSound(kernel: ZoneExports): void {
  const fault = kernel.check();
  if (fault === facts.FAULT_INDEX && kernel.checkDetail() === facts.CACHE_CELL) return;
  assertSound(kernel);
}

/** A test on a fresh zone, which must be sound afterwards. */
export function zoneTest(name: string, options: ZoneOptions, body: (zone: TestZone) => void): void {
  test(name, () => {
    const zone = createZone(options);
    body(zone);
    assertSound(zone.kernel);
  });
}

/** Fails unless `body` traps and leaves the zone poisoned with `fault`, for every thread. */
export function assertPoisons(zone: TestZone, fault: number, body: () => void): void {
  assert.equal(zone.kernel.fault(), 0);
  assert.throws(body, WebAssembly.RuntimeError);
  assert.equal(zone.kernel.fault(), fault);
  assert.throws(() => zone.kernel.check(), WebAssembly.RuntimeError);
}

/** The fixed metadata: superblock, floors' state, slots, page map, frame bits and counters. */
export function metadataOf(zone: TestZone): Buffer {
  return Buffer.from(zone.bytes.slice(0, zone.kernel.firstPfn() * facts.PAGE_BYTES));
}

/** Reclaims until nothing waits in limbo. Fails when something holds it back. */
export function drainLimbo(kernel: ZoneExports): void {
  for (let round = 0; limboOf(kernel) > 0; round++) {
    assert.ok(round < 40, 'limbo does not drain');
    kernel.reclaim();
  }
}

/** Removes every entry, as src/cache/walks/purge.ts does. */
export function clearAll(kernel: ZoneExports): void {
  for (let cursor = 0; cursor < 2 ** 32; ) cursor = kernel.clearNext(cursor, 1000);
}

/** Gives back all slabs that can go; those of slab descriptors can when the others have gone. */
export function shrink(kernel: ZoneExports): void {
  for (let round = 0; round < 2; round++) {
    kernel.drainSlab();
    drainLimbo(kernel);
  }
}

/** Objects of all kinds that wait for a grace period. */
export function limboOf(kernel: ZoneExports): number {
  let sum = kernel.waitingSlabs();
  for (let kind = 0; kind < facts.LIMBO_KINDS; kind++) sum += kernel.limboOf(kind);
  return sum;
}

/** A folio, owned and not pinned. */
export interface TestFolio {
  name: number;
  /** Its descriptor's number, and its address. */
  id: number;
  desc: number;
  pfn: number;
}

/** Allocates a folio. */
export function newFolio(kernel: ZoneExports, order = 0, type = facts.TYPE_ANON_FOLIO): TestFolio {
  const name = kernel.allocFolio(order, type);
  assert.ok(name > 0, `no folio: ${name}`);
  const id = kernel.pinFolio(name);
  const pfn = kernel.firstPage(id);
  assert.equal(kernel.putPage(id), 0);
  return { name, id, desc: id * 32, pfn };
}

/** Lets everybody have the pages that a zone keeps for threads that come. */
export function giveUpReserve({ words }: TestZone): void {
  words[offsetOf('Superblock', 'minPages') / 4] = 0;
}

/** Pages that each attached thread has for itself: memdesc/thread-pages.ts. */
export const THREAD_PAGES = 2;

/** Takes every free page, the last reserve too, the largest blocks first. @returns [pfn, order] */
export function takeAllPages(kernel: ZoneExports): [pfn: number, order: number][] {
  const blocks: [number, number][] = [];
  for (let order = facts.MAX_ORDER; order >= 0; order--) {
    const next = (): number => kernel.allocPagesAs(order, facts.MISC_USER, facts.URGENT);
    for (let pfn = next(); pfn > 0; pfn = next()) blocks.push([pfn, order]);
  }
  assert.equal(kernel.freePagesNow(), 0);
  return blocks;
}
