/**
 * Slabs against a set of addresses: several threads, caches of every kind, drains, lack of
 * memory, threads that leave and die. No object twice, none lost, everything given back.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as facts from '../../src/generated/facts.ts';
import { type Seeded, seeded } from '../support/seeded.ts';
import {
  assertSound,
  createZone,
  shrink,
  type TestZone,
  takeAllPages,
  type ZoneExports,
} from '../support/zone.ts';

const { CACHE_FOLIO, CACHE_SHEAF, CACHE_SLAB, FIRST_USER_CACHE } = facts;
/** Sizes of users' objects: many to a page, few, and one. */
const USER_BYTES = [8, 48, 168, 1024, 4096];
/** The caches under test; in users' objects the test may write. */
const caches = [CACHE_FOLIO, ...USER_BYTES.map((_, i) => FIRST_USER_CACHE + i)];
const THREADS = 3;

interface Actor {
  kernel: ZoneExports;
  owner: number;
}

class Churn {
  readonly run: Seeded;
  readonly zone: TestZone;
  readonly actors: Actor[];
  readonly models = new Map(caches.map((cache) => [cache, new Set<number>()]));
  readonly free: number;
  #owners = 1;

  constructor(run: Seeded, build: 'test' | 'debug') {
    this.run = run;
    this.zone = createZone({ build });
    this.free = this.zone.kernel.freePagesNow();
    this.actors = [{ kernel: this.zone.kernel, owner: 1 }];
    while (this.actors.length < THREADS) this.#join();
    for (const [i, bytes] of USER_BYTES.entries()) this.#open(`cache ${i}`, bytes);
  }

  #join(): void {
    const owner = ++this.#owners;
    this.actors.push({ kernel: this.zone.join(owner), owner });
  }

  #open(name: string, bytes: number): void {
    const { kernel } = this.zone;
    const window = kernel.window() >>> 0;
    this.zone.bytes.fill(0, window, window + facts.NAME_BYTES);
    this.zone.bytes.set(new TextEncoder().encode(name), window);
    assert.ok(kernel.openCache(bytes) >= FIRST_USER_CACHE);
  }

  #anyone(): ZoneExports {
    return this.actors[this.run.int(this.actors.length)]!.kernel;
  }

  /** @returns false when there is no memory */
  alloc(cache: number): boolean {
    const kernel = this.#anyone();
    const isUsers = cache >= FIRST_USER_CACHE;
    const object = isUsers ? kernel.newObject(cache) * 8 : kernel.allocInCall(cache) >>> 0;
    if (object <= 0) return false;
    const model = this.models.get(cache)!;
    assert.ok(!model.has(object), 'an object was handed out twice');
    model.add(object);
    // Published: else the death of the thread takes it back.
    if (isUsers) this.zone.words[object / 4] = object;
    else this.zone.words[object / 4 + 1] = facts.OWNED;
    return true;
  }

  freeOne(cache: number): void {
    const model = this.models.get(cache)!;
    const all = [...model];
    const object = all[this.run.int(2) * this.run.int(all.length)];
    if (object === undefined) return;
    model.delete(object);
    this.giveBack(this.#anyone(), cache, object);
  }

  giveBack(kernel: ZoneExports, cache: number, object: number): void {
    if (cache < FIRST_USER_CACHE) {
      kernel.freeInCall(cache, object);
      return;
    }
    assert.equal(this.zone.words[object / 4], object, 'somebody wrote into an object in use');
    assert.equal(kernel.dropObject(cache, object / 8), 1);
    assert.equal(kernel.dropObject(cache, object / 8), 0, 'a second free');
    assert.equal(kernel.hasObject(cache, object / 8), 0);
  }

  /** A thread leaves or dies, and another comes. */
  replaceThread(): void {
    const [gone] = this.actors.splice(1 + this.run.int(THREADS - 1), 1);
    if (this.run.int(2) === 0) gone!.kernel.detach();
    else {
      assert.equal(this.zone.kernel.markDead(gone!.owner), 1);
      assert.equal(this.zone.kernel.recoverDead(), 1);
    }
    this.#join();
  }

  verify(): void {
    const { kernel } = this.zone;
    for (const [cache, model] of this.models) {
      assert.equal(kernel.cacheInUse(cache), model.size);
    }
    assertSound(kernel);
  }

  /** Frees everything; then only slabs of slabs, of sheaves and one of each cache may be left. */
  end(isWhole: boolean): void {
    const { kernel } = this.zone;
    for (const [cache, model] of this.models) {
      for (const object of model) this.giveBack(kernel, cache, object);
      model.clear();
    }
    this.verify();
    while (this.actors.length > 1) this.actors.pop()!.kernel.detach();
    shrink(kernel);
    const all = [...caches, CACHE_SLAB, CACHE_SHEAF];
    const slabs = all.map((cache) => kernel.slabFigure(cache, facts.FIGURE_SLABS));
    for (const [i, cache] of caches.entries()) assert.ok(slabs[i]! <= 1, `cache ${cache}`);
    if (isWhole)
      assert.equal(
        this.free - kernel.freePagesNow(),
        slabs.reduce((a, b) => a + b),
      );
    assertSound(kernel);
  }
}

/** Runs of allocs, then runs of frees: slabs fill up and empty. */
function churn(run: Seeded, build: 'test' | 'debug'): void {
  const history = new Churn(run, build);
  const { kernel } = history.zone;
  const isScarce = run.int(4) === 0;
  const hoard = isScarce ? takeAllPages(kernel) : [];
  for (const [pfn, order] of hoard.splice(0, run.int(4))) kernel.freePages(pfn, order);
  for (let phase = 0; phase < 30 && run.hasTime(); phase++) {
    const cache = caches[run.int(caches.length)]!;
    const isGrowing = run.int(2) === 0;
    for (let left = run.int(300); left > 0; left--) {
      if (!isGrowing) history.freeOne(cache);
      else if (!history.alloc(cache)) break;
    }
    if (run.int(3) === 0) kernel.reclaim();
    if (run.int(6) === 0) kernel.drainSlab();
    if (run.int(5) === 0 && !isScarce) history.replaceThread();
    history.verify();
  }
  for (const [pfn, order] of hoard) kernel.freePages(pfn, order);
  history.end(!isScarce);
}

for (const build of ['test', 'debug'] as const) {
  test(`random allocs and frees of objects (${build} build)`, () => {
    const run = seeded(`slab ${build}`);
    while (run.hasTime()) churn(run, build);
  });
}
