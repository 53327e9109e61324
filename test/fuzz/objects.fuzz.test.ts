/**
 * Pools of objects against a map: two threads take turns at random to make, overwrite, read, free
 * and move objects; the map holds what each handle should give. With PAGELESS_FUZZ_SECONDS=30 some
 * million operations.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as facts from '../../src/generated/facts.ts';
import { type Seeded, seeded } from '../support/seeded.ts';
import { assertSound, createZone, type TestZone, type ZoneExports } from '../support/zone.ts';

const { ERR_BUSY, ERR_FOREIGN_HANDLE, ERR_NO_MEMORY, ERR_STALE, MAX_PAYLOAD } = facts;

interface Value {
  seed: number;
  length: number;
  /** Bytes after which the contents repeat; 0 = they do not. */
  period: number;
}

/** Cut out of one piece of noise: making bytes must not cost more than what is tested. */
const noise: Uint8Array = Uint8Array.from({ length: 2 ** 15 }, (_, i) => {
  return Math.imul(i + 1, 2654435761) >>> 24;
});

function bytesOf({ seed, length, period }: Value): Uint8Array {
  if (seed < 0) return new Uint8Array(length);
  const at = seed % (noise.length - MAX_PAYLOAD);
  return period === 0
    ? noise.subarray(at, at + length)
    : Buffer.alloc(length, noise.subarray(at, at + period));
}

class Churn {
  readonly #run: Seeded;
  readonly #zone: TestZone;
  readonly #kernels: ZoneExports[];
  readonly #pools: number[];
  readonly #model = new Map<number, { pool: number; value: Value }>();
  readonly #sizes: number[];
  #stale = 0;
  operations = 0;

  constructor(run: Seeded, build: 'test' | 'debug') {
    this.#run = run;
    this.#zone = createZone({ build, hasStore: true, wasmPages: 64 + run.int(64) });
    this.#kernels = [this.#zone.kernel, this.#zone.join()];
    this.#pools = [0, 1].map(() => this.#zone.kernel.zsCreate());
    this.#sizes = Array.from({ length: 1 + run.int(5) }, () => run.int(MAX_PAYLOAD + 1));
  }

  #kernel(): ZoneExports {
    return this.#kernels[this.#run.int(2)]!;
  }

  #value(): Value {
    const run = this.#run;
    const any = run.int(8) === 0;
    const length = any ? run.int(MAX_PAYLOAD + 1) : this.#sizes[run.int(this.#sizes.length)]!;
    const period = run.int(6) === 0 ? 1 << run.int(4) : 0;
    return { seed: run.int(2 ** 20), length, period };
  }

  #any(): [handle: number, known: { pool: number; value: Value }] | undefined {
    // A map keeps its order: what is taken goes to the end, so the first is as good as any.
    const [first] = this.#model;
    if (first === undefined) return undefined;
    this.#model.delete(first[0]);
    this.#model.set(...first);
    return first;
  }

  #add(): void {
    const pool = this.#pools[this.#run.int(2)]!;
    const length = this.#run.int(MAX_PAYLOAD + 1);
    const handle = this.#kernel().zsMalloc(pool, length);
    if (handle === ERR_NO_MEMORY) return;
    assert.ok(handle > 0 && !this.#model.has(handle), `handle ${handle}`);
    // All zeros, until it is written.
    this.#model.set(handle, { pool, value: { seed: -1, length, period: 0 } });
    if (this.#run.int(8) > 0) this.#write(handle);
  }

  #write(handle: number): void {
    const known = this.#model.get(handle)!;
    const kernel = this.#kernel();
    const value = this.#value();
    this.#zone.bytes.set(bytesOf(value), kernel.inputScratch() >>> 0);
    const code = kernel.zsOverwrite(known.pool, handle, value.length);
    if (code === 0) known.value = value;
    else assert.equal(code, ERR_NO_MEMORY);
  }

  #read(handle: number): void {
    const { pool, value } = this.#model.get(handle)!;
    const kernel = this.#kernel();
    const length = kernel.zsReadObject(pool, handle);
    assert.equal(length, value.length, `length of ${handle}`);
    const at = kernel.outputScratch() >>> 0;
    const seen = this.#zone.bytes.subarray(at, at + length);
    assert.ok(Buffer.compare(seen, bytesOf(value)) === 0, `contents of ${handle}`);
  }

  #free(handle: number): void {
    const { pool } = this.#model.get(handle)!;
    const code = this.#kernel().zsFree(pool, handle);
    assert.equal(code, 0);
    this.#model.delete(handle);
    this.#stale = handle;
  }

  #misuse(): void {
    const one = this.#any();
    if (one !== undefined) {
      const other = this.#pools.find((pool) => pool !== one[1].pool)!;
      assert.equal(this.#kernel().zsFree(other, one[0]), ERR_FOREIGN_HANDLE);
    }
    if (this.#stale === 0) return;
    for (const pool of this.#pools) {
      const code = this.#kernel().zsReadObject(pool, this.#stale);
      assert.ok(code === ERR_STALE || code === ERR_FOREIGN_HANDLE);
    }
  }

  #compact(): void {
    const kernel = this.#kernel();
    kernel.zsCompactBegin();
    const pool = this.#pools[this.#run.int(2)]!;
    for (let steps = this.#run.int(50); steps > 0; steps--) {
      const moved = kernel.zsCompactSome(pool, this.#run.int(2) * 300);
      assert.ok(moved >= 0 || moved === ERR_BUSY);
      if (moved === 0) break;
    }
  }

  #step(growth: number): void {
    const run = this.#run;
    const one = this.#any();
    const kind = run.int(20);
    if (kind === 0 && run.int(20) === 0) this.#compact();
    else if (kind === 1) this.#misuse();
    else if (one === undefined || kind < 2 + growth) this.#add();
    else if (kind < 14) this.#read(one[0]);
    else if (kind < 17) this.#write(one[0]);
    else this.#free(one[0]);
    this.operations++;
  }

  go(): void {
    for (let phase = 0; phase < 12 && this.#run.hasTime(); phase++) {
      const growth = this.#run.int(9);
      for (let left = 2000; left > 0 && this.#run.hasTime(); left--) this.#step(growth);
      assertSound(this.#zone.kernel);
    }
    for (const handle of this.#model.keys()) this.#read(handle);
    for (const handle of [...this.#model.keys()]) this.#free(handle);
    for (const kernel of this.#kernels) kernel.zsCompactBegin();
    for (let round = 0; round < 8; round++) this.#zone.kernel.reclaim();
    assert.equal(this.#zone.kernel.zsPages(), 0);
    assertSound(this.#zone.kernel);
  }
}

for (const build of ['test', 'debug'] as const) {
  test(`pools give back what was written (${build} build)`, (t) => {
    const run = seeded(`objects ${build}`);
    let operations = 0;
    while (run.hasTime()) {
      const churn = new Churn(run, build);
      churn.go();
      operations += churn.operations;
    }
    t.diagnostic(`${operations} operations`);
  });
}
