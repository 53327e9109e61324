/**
 * Compaction against a map of contents: whatever is moved, each object and folio holds what was
 * written last, under the name that it was given.
 *
 * One thread compacts and evacuates step by step; between the steps another one makes, overwrites,
 * splits, pins and frees. Contents follow from a number, so the map holds numbers.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as facts from '../../src/generated/facts.ts';
import { type Seeded, seeded } from '../support/seeded.ts';
import { assertBytes } from '../support/store-face.ts';
import { createZone, drainLimbo, type TestZone, type ZoneExports } from '../support/zone.ts';

const { PAGE_BYTES, TYPE_ANON_FOLIO, MAX_PAYLOAD } = facts;

interface Contents {
  seed: number;
  bytes: number;
}

const noise = Uint8Array.from({ length: 65_536 }, (_, i) => (i * 2_654_435_761) >>> 13);

/** Contents of some length; every fourth is one byte over and over, which takes no memory. */
function contentsOf({ seed, bytes }: Contents): Uint8Array {
  if (seed % 4 === 0) return new Uint8Array(bytes).fill(seed);
  const at = Math.imul(seed, 40_503) & 0x7fff;
  return noise.subarray(at, at + bytes);
}

class Field {
  readonly #run: Seeded;
  readonly #zone: TestZone;
  /** The thread that works. The zone's own one compacts. */
  readonly #worker: ZoneExports;
  readonly #pool: number;
  readonly #objects = new Map<number, Contents>();
  readonly #folios = new Map<number, Contents>();
  #isCompacting = false;
  #seed = 0;

  constructor(run: Seeded, build: 'test' | 'debug') {
    this.#run = run;
    this.#zone = createZone({ build, hasStore: true, wasmPages: 128 });
    this.#worker = this.#zone.join();
    assert.equal(this.#worker.prepare(), 0);
    this.#pool = this.#worker.zsCreate();
  }

  #any(all: Map<number, Contents>): [number, Contents] | undefined {
    let left = this.#run.int(Math.max(1, all.size));
    for (const entry of all) if (left-- === 0) return entry;
    return undefined;
  }

  #draw(bytes: number): { contents: Contents; all: Uint8Array } {
    const contents = { seed: ++this.#seed, bytes };
    return { contents, all: contentsOf(contents) };
  }

  #writeObject(handle: number): void {
    const { contents, all } = this.#draw(this.#run.int(MAX_PAYLOAD + 1));
    this.#zone.bytes.set(all, this.#worker.inputScratch() >>> 0);
    const code = this.#worker.zsOverwrite(this.#pool, handle, all.length);
    if (code === 0) this.#objects.set(handle, contents);
    else assert.equal(code, facts.ERR_NO_MEMORY);
  }

  #makeObject(): void {
    const handle = this.#worker.zsMalloc(this.#pool, 0);
    if (handle < 0) return;
    assert.ok(!this.#objects.has(handle), 'a handle was given twice');
    this.#objects.set(handle, { seed: 0, bytes: 0 });
    this.#writeObject(handle);
  }

  #checkObject(handle: number, contents: Contents): void {
    const length = this.#worker.zsReadObject(this.#pool, handle);
    assert.equal(length, contents.bytes);
    const at = this.#worker.outputScratch() >>> 0;
    assertBytes(this.#zone.bytes.subarray(at, at + length), contentsOf(contents), `${handle}`);
  }

  #freeObject(handle: number): void {
    assert.equal(this.#worker.zsFree(this.#pool, handle), 0);
    this.#objects.delete(handle);
  }

  /**
   * Calls `act` with the folio's bytes, pinned; between steps of the other thread it may stay so.
   */
  #withFolio(name: number, act: (bytes: Uint8Array, desc: number) => void): void {
    const desc = this.#worker.pinFolio(name);
    assert.ok(desc > 0, 'a folio is lost');
    if (this.#run.int(4) === 0) this.stepOn();
    const at = this.#worker.firstPage(desc) * PAGE_BYTES;
    act(this.#zone.bytes.subarray(at, at + (PAGE_BYTES << this.#worker.orderOfPinned(desc))), desc);
    assert.equal(this.#worker.putPage(desc), 0);
  }

  #writeFolio(name: number): void {
    this.#withFolio(name, (bytes) => {
      const { contents, all } = this.#draw(bytes.length);
      bytes.set(all);
      this.#folios.set(name, contents);
    });
  }

  #makeFolio(): void {
    const name = this.#worker.allocFolio(
      this.#run.int(4) === 0 ? this.#run.int(4) : 0,
      TYPE_ANON_FOLIO,
    );
    if (name > 0) this.#writeFolio(name);
  }

  #checkFolio(name: number, contents: Contents): void {
    this.#withFolio(name, (bytes) => assertBytes(bytes, contentsOf(contents), `folio ${name}`));
  }

  /** The parts are named in the scratch, wherever they will be. */
  #splitFolio(name: number, { bytes }: Contents): void {
    const parts = bytes / PAGE_BYTES;
    let failure = -1;
    this.#withFolio(name, (_, desc) => {
      this.#worker.lockPage(desc);
      failure = this.#worker.splitPage(desc, 0);
      this.#worker.unlockPage(desc);
    });
    if (failure !== 0) return;
    const at = this.#worker.outputScratch() >>> 0;
    const names = [...new BigUint64Array(this.#zone.memory.buffer, at, parts - 1)].map(Number);
    this.stepOn();
    for (const part of [name, ...names]) this.#writeFolio(part);
  }

  #freeFolio(name: number): void {
    assert.equal(this.#worker.freeFolio(name), 0);
    this.#folios.delete(name);
  }

  /** A step of the thread that compacts. */
  stepOn(): void {
    const { kernel } = this.#zone;
    if (!this.#isCompacting) {
      const pages = kernel.pageCount() - kernel.firstPfn();
      const count = 1 + this.#run.int(200);
      const first = kernel.firstPfn() + this.#run.int(pages - count);
      const isEvacuation = this.#run.int(2) === 0;
      if (isEvacuation) assert.equal(kernel.beginEvacuation(first, count), 0);
      else assert.equal(kernel.beginCompaction(this.#run.int(11), 0, 0), 0);
      this.#isCompacting = true;
    } else if (this.#run.int(20) === 0 || kernel.compactStep() === 0) {
      this.end();
    }
  }

  end(): void {
    const { kernel } = this.#zone;
    for (let tries = 0; kernel.endCompaction() === 0; tries++) assert.ok(tries < 100);
    this.#isCompacting = false;
  }

  work(): void {
    const growth = 2 + this.#run.int(5);
    const object = this.#any(this.#objects);
    const folio = this.#any(this.#folios);
    if (this.#run.int(10) < growth) this.#run.int(3) === 0 ? this.#makeFolio() : this.#makeObject();
    if (object !== undefined) {
      this.#checkObject(...object);
      if (this.#run.int(3) === 0) this.#writeObject(object[0]);
      else if (this.#run.int(10) >= growth) this.#freeObject(object[0]);
    }
    if (folio !== undefined) {
      const [name, contents] = folio;
      this.#checkFolio(name, contents);
      if (contents.bytes > PAGE_BYTES && this.#run.int(3) === 0) this.#splitFolio(name, contents);
      else if (this.#run.int(10) >= growth) this.#freeFolio(name);
    }
    if (this.#run.int(50) === 0) this.#packObjects();
  }

  #packObjects(): void {
    this.#worker.zsCompactBegin();
    for (let i = 0; i < 3; i++) this.#worker.zsCompactSome(this.#pool, 0);
  }

  checkAll(): void {
    for (const [handle, contents] of this.#objects) this.#checkObject(handle, contents);
    for (const [name, contents] of this.#folios) this.#checkFolio(name, contents);
    assert.equal(this.#zone.kernel.check(), 0);
  }

  /** Frees everything; nothing is left. */
  clear(): void {
    for (const handle of [...this.#objects.keys()]) this.#freeObject(handle);
    for (const name of [...this.#folios.keys()]) this.#freeFolio(name);
    if (this.#isCompacting) this.end();
    drainLimbo(this.#worker);
    drainLimbo(this.#zone.kernel);
    assert.equal(this.#worker.countPagesOf(TYPE_ANON_FOLIO, 0), 0);
    assert.equal(this.#worker.countPagesOf(facts.TYPE_ISOLATED, 0), 0);
    this.checkAll();
  }
}

for (const build of ['test', 'debug'] as const) {
  test(`whatever is moved keeps its contents and its name (${build} build)`, (context) => {
    const run = seeded(`compaction ${build}`);
    let operations = 0;
    while (run.hasTime()) {
      const field = new Field(run, build);
      for (let round = 0; round < 20 && run.hasTime(); round++) {
        for (let i = 0; i < 500; i++) {
          field.work();
          if (run.int(3) === 0) field.stepOn();
        }
        operations += 500;
        field.checkAll();
      }
      field.clear();
    }
    context.diagnostic(`${operations} operations, seed ${run.seed}`);
  });
}
