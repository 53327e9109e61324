/** The bytes of a zone that a call which refuses must leave as they are. */
import assert from 'node:assert/strict';
import * as facts from '../../src/generated/facts.ts';
import type { Arena } from '../../src/index.ts';

export class WatchedZone {
  readonly #arena: Arena;
  /** The zone, as it goes on: a view. */
  readonly #now: Buffer;
  /** What it was: one copy, because each new one costs more than the call that it is for. */
  readonly #before: Buffer;
  /** All but this thread's own slot and scratch, the large one that it borrows, and clocks. */
  readonly #watched: [from: number, to: number][];

  constructor(arena: Arena) {
    this.#arena = arena;
    this.#now = Buffer.from(arena.memory.buffer);
    this.#before = Buffer.from(this.#now);
    const { kernel } = arena;
    const places = (bytes: number) =>
      [kernel.keyScratch() >>> 0, kernel.inputScratch() >>> 0, kernel.outputScratch() >>> 0].map(
        (at, i): [from: number, to: number] => [at, at + (i === 0 ? facts.PAGE_BYTES : bytes)],
      );
    const own = [[0, facts.CACHE_TABLE] as [number, number], ...places(facts.PAGE_BYTES)];
    assert.equal(kernel.takeLarge(), 1);
    own.push(...places(facts.BLOCK_BYTES + 16).slice(1));
    kernel.giveLarge();
    own.sort(([one], [other]) => one - other);
    const end = this.#now.length;
    this.#watched = own.map(([, to], i) => [to, own[i + 1]?.[0] ?? end]);
  }

  /** What it is from now on compared with. */
  remember(): void {
    this.#now.copy(this.#before);
  }

  assertSame(message: string): void {
    const [before, now] = [this.#before, this.#now];
    const place = this.#watched.find(
      ([from, to]) => !before.subarray(from, to).equals(now.subarray(from, to)),
    );
    if (place === undefined) return;
    const [from, to] = place;
    const at = from + before.subarray(from, to).findIndex((byte, i) => byte !== now[from + i]);
    const page = at >>> facts.PAGE_SHIFT;
    assert.fail(`${message}: byte ${at}, ${JSON.stringify(this.#arena.describe(page))}`);
  }
}
